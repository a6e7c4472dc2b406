#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "most_likely.h"
#include "row_memory.h"
#include "row_sums.h"

namespace lloyal {

// The raw logits after one token, shape [n_vocab]: copied once out of llama.cpp's buffer, which the next decode
// overwrites, and shared by every fork.
class LogitsRow {
 public:
  // Null when no logit is finite: such a row comes from broken arithmetic and would sample nonsense.
  static std::shared_ptr<const LogitsRow> copy(std::span<const float> logits, std::shared_ptr<RowMemory> memory);
  static std::shared_ptr<const LogitsRow> copy(std::span<const float> logits) {
    return copy(logits, std::make_shared<RowMemory>(logits.size()));
  }

  std::span<const float> logits() const { return {logits_.get(), size_}; }
  // The token with the highest logit, ties to the lowest id.
  llama_token argmax() const { return argmax_; }
  double max() const { return logits_[static_cast<size_t>(argmax_)]; }
  // -ln p(token) at temperature 1, in nats; infinite for a token that cannot come. Constant time.
  double surprisal(llama_token token) const;
  // In nats. Constant time.
  double entropy() const { return exp_sums_.entropy(); }
  // About max(). One pass when first asked for.
  const Moments& moments() const;
  // The `head_size` most likely tokens, in order. Sought when first asked for, so forks share the search too.
  const std::vector<Candidate>& head() const;

  static constexpr size_t head_size = 256;

 private:
  RowMemory::Row logits_;
  size_t size_ = 0;
  llama_token argmax_ = 0;
  ExpSums exp_sums_; // about max()
  mutable std::once_flag moments_once_, head_once_;
  mutable Moments moments_;
  mutable std::vector<Candidate> head_;
};

} // namespace lloyal
