#include "logits_row.h"

#include <algorithm>
#include <cmath>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lloyal {
namespace {

// Past the caches: a greedy draw never reads what is written here, and to fetch a line only to overwrite it costs as
// much as the copy.
void stream(std::span<const float> from, float* to) {
  size_t i = 0;
#ifdef __SSE2__
  for (; i + 4 <= from.size(); i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from.data() + i));
#endif
  for (; i < from.size(); ++i) to[i] = from[i];
}

} // namespace

std::shared_ptr<const LogitsRow> LogitsRow::copy(std::span<const float> logits, std::shared_ptr<RowMemory> memory) {
  auto row = std::make_shared<LogitsRow>();
  row->logits_ = RowMemory::take(std::move(memory));
  row->size_ = logits.size();
  // A row is larger than the nearest cache, so all that is to be known of a part is found out while it is there.
  constexpr size_t part_size = 2048;
  float best = -INFINITY;
  size_t best_part = 0;
  for (size_t begin = 0; begin < logits.size(); begin += part_size) {
    const std::span<const float> part = logits.subspan(begin, std::min(part_size, logits.size() - begin));
    if (const float high = highest(part); high > best) {
      row->exp_sums_.raise(static_cast<double>(high) - best);
      best = high;
      best_part = begin;
    }
    if (best > -INFINITY) row->exp_sums_ += exp_sums(part, best, 1, best);
    stream(part, row->logits_.get() + begin);
  }
#ifdef __SSE2__
  _mm_sfence();
#endif
  if (!std::isfinite(best)) return nullptr;
  const auto from = logits.begin() + static_cast<std::ptrdiff_t>(best_part);
  row->argmax_ = static_cast<llama_token>(std::find(from, logits.end(), best) - logits.begin());
  return row;
}

double LogitsRow::surprisal(llama_token token) const {
  const double logit = logits_[static_cast<size_t>(token)];
  // NaN cannot come either.
  return logit > -INFINITY ? std::max(0.0, std::log(exp_sums_.mass) - (logit - max())) : INFINITY;
}

const Moments& LogitsRow::moments() const {
  std::call_once(moments_once_, [this] { moments_ = lloyal::moments(logits(), static_cast<float>(max())); });
  return moments_;
}

const std::vector<Candidate>& LogitsRow::head() const {
  std::call_once(head_once_, [this] { head_ = most_likely(logits(), head_size); });
  return head_;
}

} // namespace lloyal
