#include "ranking.h"

#include <algorithm>
#include <cmath>

namespace lloyal {

Ranking::Ranking(const LogitsRow& row, const Edits& edits, const Grammar* grammar)
    : row_(row), edits_(edits), grammar_(grammar), logits_(row.logits()) {
  for (const Candidate& candidate : edits.all())
    if (candidate.logit > -INFINITY) edited_.push_back(candidate);
  if (grammar_) grammar_->mask(edited_);
  std::ranges::sort(edited_, more_likely);
}

void Ranking::forbid() {
  masked_ = grammar_->masked(logits_);
  logits_ = masked_;
  grammar_ = nullptr;
}

void Ranking::widen() {
  const size_t n_vocab = logits_.size();
  const bool is_first = window_ == 0;
  if (!is_first && grammar_) forbid();
  window_ = is_first ? LogitsRow::head_size : window_ * 4;
  if (window_ * 4 > n_vocab) window_ = n_vocab;
  if (complete() && grammar_) forbid();

  const bool is_head = is_first && !complete();
  const std::vector<Candidate> sought = is_head ? std::vector<Candidate>{} : most_likely(logits_, window_);
  const std::vector<Candidate>& seen = is_head ? row_.head() : sought;
  // Fewer tokens above -infinity than the window holds: there are no others.
  if (seen.size() < window_) window_ = n_vocab;
  if (!complete()) {
    last_ = seen.back();
    ties_ = static_cast<size_t>(std::ranges::count(seen, last_.logit, &Candidate::logit));
  }

  survivors_.clear();
  for (const Candidate& candidate : seen)
    if (!edits_.find(candidate.id)) survivors_.push_back(candidate);
  if (grammar_) grammar_->mask(survivors_);
  const auto middle = static_cast<std::ptrdiff_t>(survivors_.size());
  for (const Candidate& candidate : edited_)
    if (!is_unseen(candidate)) survivors_.push_back(candidate);
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
  ExpSums sums = exp_sums(logits_, shift, temperature, static_cast<float>(last_.logit));
  take(sums, last_.logit, -static_cast<double>(ties_));
  for (const Candidate& candidate : edits_.all()) {
    const Candidate raw{candidate.id, logits_[static_cast<size_t>(candidate.id)]};
    if (is_unseen(raw)) take(sums, raw.logit, -1);
  }
  for (const Candidate& candidate : edited_)
    if (is_unseen(candidate)) take(sums, candidate.logit, 1);
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
  sums = masked_.empty() ? row_.moments() : moments(masked_, static_cast<float>(row_.max()));
  for (const Candidate& candidate : edits_.all()) take(logits_[static_cast<size_t>(candidate.id)], -1);
  for (const Candidate& candidate : edited_) take(candidate.logit, 1);
  return sums.deviation();
}

} // namespace lloyal
