#include "stages.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lloyal {
namespace {

// Cuts where the logits fall below `threshold`; at least one token stays. Unseen ones that may reach it stay unseen
// where only a grammar knows how many they are.
bool cut_below(Left& left, double threshold) {
  size_t kept = 1;
  while (kept < left.ranked.size() && left.ranked[kept].logit >= threshold) ++kept;
  if (kept < left.ranked.size() || !left.open || left.floor < threshold) {
    left.close_at(kept);
    return true;
  }
  return left.bounded;
}

} // namespace

double Left::weight(double logit) const {
  return std::exp(logit - shift);
}

double Left::mass() const {
  double sum = open ? unseen.mass : 0;
  for (const Candidate& candidate : ranked) sum += weight(candidate.logit);
  return sum;
}

double Left::entropy() const {
  ExpSums sums = open ? unseen : ExpSums{};
  for (const Candidate& candidate : ranked) {
    const double mass = weight(candidate.logit);
    sums.mass += mass;
    sums.moment += mass > 0 ? (candidate.logit - shift) * mass : 0;
  }
  return sums.entropy();
}

void Left::close_at(size_t count) {
  ranked.resize(std::min(count, ranked.size()));
  open = false;
}

bool top_n_sigma(Left& left, double n, double deviation) {
  if (left.open && left.bounded) return false;
  return cut_below(left, left.ranked.front().logit - n * deviation);
}

bool top_k(Left& left, size_t k) {
  if (k <= left.ranked.size() || !left.open) {
    left.close_at(k);
    return true;
  }
  return left.bounded;
}

bool typical(Left& left, double p) {
  if (left.open && left.bounded) return false;
  const double log_mass = std::log(left.mass());
  const double entropy = left.entropy();
  const auto surprisal = [&](double logit) { return log_mass - (logit - left.shift); };
  struct Nearness {
    double distance;
    size_t rank;
  };
  std::vector<Nearness> nearest;
  for (size_t i = 0; i < left.ranked.size(); ++i)
    nearest.push_back({std::abs(surprisal(left.ranked[i].logit) - entropy), i});
  std::ranges::sort(nearest, [](const Nearness& a, const Nearness& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.rank < b.rank);
  });

  // Past the entropy, whatever nobody has looked at is farther from it than the floor; before it, it may be nearest.
  const double within = left.open ? surprisal(left.floor) - entropy : INFINITY;
  double reached = 0;
  size_t kept = 0;
  for (; kept < nearest.size() && reached < p; ++kept) {
    if (nearest[kept].distance >= within) return false;
    reached += std::exp(-surprisal(left.ranked[nearest[kept].rank].logit));
  }
  if (reached < p && left.open) return false;
  nearest.resize(kept);
  std::ranges::sort(nearest, {}, &Nearness::rank);
  std::vector<Candidate> ranked;
  for (const Nearness& entry : nearest) ranked.push_back(left.ranked[entry.rank]);
  left.ranked = std::move(ranked);
  left.open = false;
  return true;
}

bool top_p(Left& left, double p) {
  const double wanted = p * left.mass();
  double reached = 0;
  size_t kept = 0;
  while (kept < left.ranked.size() && reached < wanted) reached += left.weight(left.ranked[kept++].logit);
  if (reached >= wanted || !left.open) {
    left.close_at(std::max<size_t>(kept, 1));
    return true;
  }
  return left.bounded;
}

bool min_p(Left& left, double p) {
  return cut_below(left, left.ranked.front().logit + std::log(p));
}

bool exclude_top_choices(Left& left, double threshold) {
  if (left.open && left.bounded) return false;
  const double wanted = threshold * left.mass();
  const auto reaches = [&](double logit) { return left.weight(logit) >= wanted; };
  size_t reaching = 0;
  while (reaching < left.ranked.size() && reaches(left.ranked[reaching].logit)) ++reaching;
  if (reaching == left.ranked.size() && left.open && reaches(left.floor)) return false;
  if (reaching > 1)
    left.ranked.erase(left.ranked.begin(), left.ranked.begin() + static_cast<std::ptrdiff_t>(reaching - 1));
  return true;
}

// Basu et al., "Mirostat", 2020: as many of the likeliest as a Zipf distribution of the row's steepness would need for
// a surprise of mu bits.
bool mirostat_1(Left& left, double mu, size_t n_vocab) {
  constexpr size_t zipf_tokens = 100;
  if (left.open && left.ranked.size() < zipf_tokens) return false;
  double products = 0, squares = 0;
  for (size_t i = 0; i + 1 < std::min(zipf_tokens, left.ranked.size()); ++i) {
    const double place = std::log(static_cast<double>(i + 2) / static_cast<double>(i + 1));
    products += place * (left.ranked[i].logit - left.ranked[i + 1].logit);
    squares += place * place;
  }
  const double s = products / squares;
  const double epsilon = s - 1;
  const double k = std::pow(epsilon * std::exp2(mu) / (1 - std::pow(static_cast<double>(n_vocab), -epsilon)), 1 / s);
  // A row without a slope, or of one token, has no k.
  if (std::isnan(k)) return !left.open;
  const double most = static_cast<double>(n_vocab);
  return top_k(left, static_cast<size_t>(std::clamp(std::floor(k), 1.0, most)));
}

bool mirostat_2(Left& left, double mu) {
  if (left.open && left.bounded) return false;
  return cut_below(left, left.shift + std::log(left.mass()) - mu * std::numbers::ln2);
}

} // namespace lloyal
