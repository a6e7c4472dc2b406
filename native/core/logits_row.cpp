#include "logits_row.h"

#include <cmath>

namespace lloyal {

std::shared_ptr<const LogitsRow> LogitsRow::copy(std::span<const float> logits) {
  auto row = std::make_shared<LogitsRow>();
  row->logits_.assign(logits.begin(), logits.end());
  size_t best = 0;
  // A comparison with NaN is false, so NaN at index 0 would win every time without the second test.
  for (size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[best] || std::isnan(logits[best])) best = i;
  if (logits.empty() || !std::isfinite(logits[best])) return nullptr;
  row->argmax_ = static_cast<llama_token>(best);
  return row;
}

} // namespace lloyal
