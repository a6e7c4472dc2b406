#include "logits_row.h"

#include <algorithm>
#include <cmath>

namespace lloyal {

std::shared_ptr<const LogitsRow> LogitsRow::copy(std::span<const float> logits) {
  auto row = std::make_shared<LogitsRow>();
  std::vector<float>& kept = row->logits_;
  kept.reserve(logits.size());
  // A row is larger than the nearest cache, so each part of it is searched where it has just been copied.
  constexpr size_t part_size = 2048;
  float best = -INFINITY;
  size_t best_part = 0;
  for (size_t begin = 0; begin < logits.size(); begin += part_size) {
    const std::span<const float> part = logits.subspan(begin, std::min(part_size, logits.size() - begin));
    kept.insert(kept.end(), part.begin(), part.end());
    if (const float high = highest(part); high > best) {
      best = high;
      best_part = begin;
    }
  }
  if (!std::isfinite(best)) return nullptr;
  const auto found = std::find(kept.begin() + static_cast<std::ptrdiff_t>(best_part), kept.end(), best);
  row->argmax_ = static_cast<llama_token>(found - kept.begin());
  row->exp_sums_ = exp_sums(kept, best, 1, best);
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
