#include "sampler.h"

#include <algorithm>
#include <cmath>

#include "ranking.h"
#include "stages.h"

namespace lloyal {
namespace {

// A distribution that is drawn from. The unseen, if any, stand at its end.
class Final {
 public:
  Final(const Ranking& ranking, Left left, double temperature) : left_(std::move(left)), temperature_(temperature) {
    best_ = left_.ranked.front().logit;
    for (const Candidate& candidate : left_.ranked) mass_ += weight(candidate.logit);
    if (left_.open) mass_ += ranking.unseen(best_, temperature_).mass;
  }

  // The place in `ranked`, or nothing when an unseen token is meant.
  std::optional<size_t> place_of(double u) const {
    double rest = u * mass_;
    for (size_t i = 0; i < left_.ranked.size(); ++i) {
      rest -= weight(left_.ranked[i].logit);
      if (rest < 0) return i;
    }
    if (left_.open) return std::nullopt;
    // Rounding can leave a crumb past the last token.
    return left_.ranked.size() - 1;
  }

  llama_token token_at(size_t place) const { return left_.ranked[place].id; }
  double surprisal(double logit) const { return std::log(mass_) - (logit - best_) / temperature_; }
  bool holds(llama_token token, double logit) const {
    const auto place = std::ranges::lower_bound(left_.ranked, Candidate{token, logit}, more_likely);
    const bool ranked = place != left_.ranked.end() && place->id == token;
    return ranked || (left_.open && logit <= left_.floor);
  }

 private:
  double weight(double logit) const { return std::exp((logit - best_) / temperature_); }

  Left left_;
  double temperature_;
  double best_ = 0;
  double mass_ = 0;
};

bool cut_by_mirostat(Left& left, const Choice& choice) {
  if (choice.params.mirostat == 1) return mirostat_1(left, choice.mu, choice.row.logits().size());
  return mirostat_2(left, choice.mu);
}

bool cut(Left& left, const Ranking& ranking, const Choice& choice, const DrawKey& key) {
  const SamplingParams& params = choice.params;
  if (params.mirostat != 0) return cut_by_mirostat(left, choice);
  if (params.top_n_sigma > 0) {
    if (left.bounded) return false;
    if (!top_n_sigma(left, params.top_n_sigma, ranking.deviation())) return false;
  }
  if (params.top_k > 0 && !top_k(left, static_cast<size_t>(params.top_k))) return false;
  if (params.typical_p < 1 && !typical(left, params.typical_p)) return false;
  if (params.top_p < 1 && !top_p(left, params.top_p)) return false;
  if (params.min_p > 0 && !min_p(left, params.min_p)) return false;
  if (params.xtc_probability == 0) return true;
  const DrawKey coin{key.seed, key.draw, key.commits, 1};
  return uniform(coin) >= params.xtc_probability || exclude_top_choices(left, params.xtc_threshold);
}

// Nothing where it takes tokens that nobody has looked at.
std::optional<double> temperature_for(const Left& left, const SamplingParams& params) {
  if (params.dynatemp_range == 0) return params.temperature;
  if (left.open && left.bounded) return std::nullopt;
  const double count = static_cast<double>(left.ranked.size()) + (left.open ? left.unseen.count : 0);
  if (count < 2) return params.temperature;
  const double low = std::max(0.0, params.temperature - params.dynatemp_range);
  const double high = params.temperature + params.dynatemp_range;
  const double share = std::min(1.0, left.entropy() / std::log(count));
  return low + (high - low) * std::pow(share, params.dynatemp_exponent);
}

std::optional<Final> finish(const Ranking& ranking, Left left, const Choice& choice, const DrawKey& key) {
  if (!cut(left, ranking, choice, key)) return std::nullopt;
  const auto temperature = temperature_for(left, choice.params);
  if (!temperature) return std::nullopt;
  if (*temperature > 0) return Final(ranking, std::move(left), *temperature);
  // A row without doubt under dynamic temperature: the limit is its best token.
  left.close_at(1);
  return Final(ranking, std::move(left), 1);
}

// The distribution, if the window decides it. Under a grammar there are two: one as if it allowed every token that
// nobody has asked it about, one as if it forbade them all.
struct Bounds {
  std::optional<Final> most, least;

  explicit operator bool() const { return most && least; }
};

bool asks_for_mass(const SamplingParams& params) {
  return params.mirostat == 2 || params.typical_p < 1 || params.top_p < 1 || params.xtc_probability > 0 ||
         params.dynatemp_range > 0;
}

Bounds finals(const Ranking& ranking, const Choice& choice, const DrawKey& key) {
  if (ranking.survivors().empty()) return {};
  Left left{ranking.survivors(), !ranking.complete(), 0, {}, ranking.survivors().front().logit, false};
  if (!left.open) {
    auto only = finish(ranking, std::move(left), choice, key);
    return {only, only};
  }
  left.floor = ranking.floor();
  left.bounded = ranking.bounded();
  const bool is_closed_by_count = choice.params.mirostat == 0 && choice.params.top_n_sigma == 0 &&
                                  choice.params.top_k > 0 &&
                                  static_cast<size_t>(choice.params.top_k) <= left.ranked.size();
  if (!is_closed_by_count && asks_for_mass(choice.params)) left.unseen = ranking.unseen(left.shift, 1);
  auto most = finish(ranking, left, choice, key);
  if (!most || !left.bounded) return {most, most};
  left.open = false;
  return {most, finish(ranking, std::move(left), choice, key)};
}

Status nothing_left(const Choice& choice) {
  const auto is_left = [](float logit) { return logit > -INFINITY; };
  if (choice.grammar && std::ranges::none_of(choice.grammar->masked(choice.row.logits()), is_left))
    return {Code::grammar_invalid, "the grammar allows no token of this vocabulary here"};
  return {Code::invalid_argument, "the biases block every token that is allowed here"};
}

} // namespace

Result<Drawn> draw(const Choice& choice, const DrawKey& key) {
  const bool greedy = choice.params.temperature <= 0;
  const llama_token best = choice.row.argmax();
  const auto beats_best = [&](const Candidate& edited) {
    return edited.id == best || more_likely(edited, {best, choice.row.max()});
  };
  if (greedy && std::ranges::none_of(choice.edits.all(), beats_best) &&
      (!choice.grammar || choice.grammar->allows(best)))
    return Drawn{best, 0};

  Ranking ranking(choice.row, choice.edits, choice.grammar);
  while (!ranking.complete()) {
    ranking.widen();
    if (greedy) {
      if (!ranking.survivors().empty()) return Drawn{ranking.survivors().front().id, 0};
      continue;
    }
    const Bounds bounds = finals(ranking, choice, key);
    if (!bounds) continue;
    const double u = uniform(key);
    const auto place = bounds.most->place_of(u);
    // The draw moves down the ranking as the unseen weight grows. So where its least and its greatest possible weight
    // give the same token, that is the exact one, and the tail need be neither masked nor sorted to find out.
    if (!place || bounds.least->place_of(u) != place) continue;
    const llama_token token = bounds.most->token_at(*place);
    if (bounds.least->token_at(*place) != token) continue;
    const double logit = choice.edits.logit(choice.row, token);
    return Drawn{token, (bounds.most->surprisal(logit) + bounds.least->surprisal(logit)) / 2};
  }
  return nothing_left(choice);
}

double sampling_surprisal(const Choice& choice, const DrawKey& key, llama_token token) {
  if (choice.params.temperature <= 0) {
    auto drawn = draw(choice, key);
    return drawn.ok() && drawn.value().token == token ? 0 : INFINITY;
  }
  const double logit = choice.edits.logit(choice.row, token);
  if (!(logit > -INFINITY) || (choice.grammar && !choice.grammar->allows(token))) return INFINITY;
  Ranking ranking(choice.row, choice.edits, choice.grammar);
  while (!ranking.complete()) {
    ranking.widen();
    const Bounds bounds = finals(ranking, choice, key);
    if (!bounds || bounds.most->holds(token, logit) != bounds.least->holds(token, logit)) continue;
    if (!bounds.most->holds(token, logit)) return INFINITY;
    return (bounds.most->surprisal(logit) + bounds.least->surprisal(logit)) / 2;
  }
  return INFINITY;
}

} // namespace lloyal
