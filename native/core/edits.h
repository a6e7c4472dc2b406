#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "candidate.h"
#include "logits_row.h"
#include "sampling_params.h"
#include "token_window.h"

namespace lloyal {

struct TokenBias {
  llama_token token;
  double bias; // finite or -infinity
};
// By token. Shared by forks; null for none.
using Biases = std::shared_ptr<const std::vector<TokenBias>>;

// The few tokens whose logit is not the row's, by token, each with the logit that it has instead: biases, steer,
// penalties and DRY, in this order. The row itself is shared and stays as it is.
class Edits {
 public:
  Edits() = default;
  Edits(const LogitsRow& row, const Biases& biases, const Biases& steer, const TokenWindow& window,
        const SamplingParams& params);

  std::span<const Candidate> all() const { return edited_; }
  // Null for a token that has its row's logit.
  const Candidate* find(llama_token token) const;
  double logit(const LogitsRow& row, llama_token token) const;
  // The token can no longer come.
  void block(llama_token token);

 private:
  Candidate* find(llama_token token);

  std::vector<Candidate> edited_;
};

} // namespace lloyal
