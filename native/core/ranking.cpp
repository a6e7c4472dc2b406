#include "ranking.h"

#include <algorithm>
#include <cmath>

namespace lloyal {

Ranking::Ranking(const LogitsRow& row, const Edits& edits, const Grammar* grammar)
    : row_(row), edits_(edits), grammar_(grammar) {}

void Ranking::widen() {
  const size_t n_vocab = row_.logits().size();
  size_t next = window_ == 0 ? LogitsRow::head_size : window_ * 4;
  // With a grammar the second try is the whole row: masking it by first bytes costs less than several windows.
  if (next * 4 > n_vocab || (grammar_ && window_ > 0)) next = n_vocab;
  window_ = next;

  const bool is_whole = complete();
  std::vector<Candidate> sought;
  if (is_whole && grammar_)
    sought = grammar_->legal(row_.logits());
  else if (is_whole || window_ > LogitsRow::head_size)
    sought = most_likely(row_.logits(), window_);
  const std::vector<Candidate>& seen = is_whole || window_ > LogitsRow::head_size ? sought : row_.head();
  if (!is_whole) {
    last_ = seen.back();
    ties_ = static_cast<size_t>(std::ranges::count(seen, last_.logit, &Candidate::logit));
    // Fewer tokens above -infinity than the window holds: there are no others.
    if (seen.size() < window_) window_ = n_vocab;
  }

  survivors_.clear();
  std::vector<Candidate> edited;
  for (const Candidate& candidate : seen)
    if (!edits_.find(candidate.id)) survivors_.push_back(candidate);
  for (const Candidate& candidate : edits_.all())
    if (candidate.logit > -INFINITY && !is_unseen(candidate)) edited.push_back(candidate);
  if (grammar_) grammar_->mask(edited);
  if (grammar_ && is_whole)
    std::ranges::sort(survivors_, more_likely);
  else if (grammar_)
    grammar_->mask(survivors_);

  std::ranges::sort(edited, more_likely);
  const auto middle = static_cast<std::ptrdiff_t>(survivors_.size());
  survivors_.insert(survivors_.end(), edited.begin(), edited.end());
  std::inplace_merge(survivors_.begin(), survivors_.begin() + middle, survivors_.end(), more_likely);
}

ExpSums Ranking::unseen(double shift, double temperature) const {
  if (complete()) return {};
  const auto take = [&](ExpSums& sums, double logit, double times) {
    if (!(logit > -INFINITY)) return;
    const double d = (logit - shift) / temperature;
    const double weight = times * std::exp(d);
    sums.count += times;
    sums.mass += weight;
    sums.moment += weight > 0 || weight < 0 ? d * weight : 0;
  };
  ExpSums sums = exp_sums(row_.logits(), shift, temperature, static_cast<float>(last_.logit));
  take(sums, last_.logit, -static_cast<double>(ties_));
  for (const Candidate& candidate : edits_.all()) {
    const Candidate raw{candidate.id, row_.logits()[static_cast<size_t>(candidate.id)]};
    if (is_unseen(raw)) take(sums, raw.logit, -1);
    if (is_unseen(candidate)) take(sums, candidate.logit, 1);
  }
  sums.mass = std::max(0.0, sums.mass);
  return sums;
}

double Ranking::deviation() const {
  Moments sums;
  const auto take = [&](double logit, double times) {
    if (!(logit > -INFINITY)) return;
    const double d = logit - row_.max();
    sums.count += times;
    sums.sum += times * d;
    sums.squares += times * d * d;
  };
  if (complete()) {
    for (const Candidate& candidate : survivors_) take(candidate.logit, 1);
    return sums.deviation();
  }
  sums = row_.moments();
  for (const Candidate& candidate : edits_.all()) {
    take(row_.logits()[static_cast<size_t>(candidate.id)], -1);
    take(candidate.logit, 1);
  }
  return sums.deviation();
}

} // namespace lloyal
