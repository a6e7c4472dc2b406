#include "logits_row.h"

#include <algorithm>
#include <cmath>

namespace lloyal {
namespace {

// Without a branch per token the compiler compares many at once. NaN never wins a comparison.
float highest(std::span<const float> logits) {
  constexpr size_t lanes = 16;
  float best[lanes];
  std::fill(std::begin(best), std::end(best), -INFINITY);
  size_t i = 0;
  for (; i + lanes <= logits.size(); i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
  for (; i < logits.size(); ++i) best[0] = logits[i] > best[0] ? logits[i] : best[0];
  return *std::max_element(std::begin(best), std::end(best));
}

} // namespace

std::shared_ptr<const LogitsRow> LogitsRow::copy(std::span<const float> logits) {
  const float best = highest(logits);
  if (!std::isfinite(best)) return nullptr;
  auto row = std::make_shared<LogitsRow>();
  row->logits_.assign(logits.begin(), logits.end());
  row->argmax_ = static_cast<llama_token>(std::find(logits.begin(), logits.end(), best) - logits.begin());
  row->exp_sums_ = exp_sums(row->logits_, best, 1, best);
  return row;
}

double LogitsRow::surprisal(llama_token token) const {
  const double logit = logits_[static_cast<size_t>(token)];
  // NaN cannot come either.
  return logit > -INFINITY ? std::max(0.0, std::log(exp_sums_.mass) - (logit - max())) : INFINITY;
}

const Moments& LogitsRow::moments() const {
  std::call_once(moments_once_, [this] { moments_ = lloyal::moments(logits_, static_cast<float>(max())); });
  return moments_;
}

const std::vector<Candidate>& LogitsRow::head() const {
  std::call_once(head_once_, [this] { head_ = most_likely(logits_, head_size); });
  return head_;
}

} // namespace lloyal
