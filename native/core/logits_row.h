#pragma once

#include <memory>
#include <span>
#include <vector>

#include "llama.h"

namespace lloyal {

// The raw logits after one token, shape [n_vocab]: copied once out of llama.cpp's buffer, which the next decode
// overwrites, and shared by every fork.
class LogitsRow {
 public:
  // Null when no logit is finite: such a row comes from broken arithmetic and would sample nonsense.
  static std::shared_ptr<const LogitsRow> copy(std::span<const float> logits);

  std::span<const float> logits() const { return logits_; }
  // The token with the highest logit, ties to the lowest id.
  llama_token argmax() const { return argmax_; }

 private:
  std::vector<float> logits_;
  llama_token argmax_ = 0;
};

} // namespace lloyal
