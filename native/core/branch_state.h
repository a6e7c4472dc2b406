#pragma once

#include <memory>
#include <string>

#include "sampler.h"
#include "utf8.h"
#include "vocab.h"

namespace lloyal {

struct Produced {
  llama_token token;
  std::string text; // the complete code points that the token ends; empty for a stop token
  bool is_stop;
};

// All that a sequence is beside its cells. A plain value: a fork copies it (row and grammar are shared and never
// change), a batch works on a copy that replaces the original only after success.
struct BranchState {
  llama_pos position = 0; // tokens written so far
  std::shared_ptr<const LogitsRow> row;
  SamplingParams sampling;
  uint64_t commits = 0;
  std::shared_ptr<const Grammar> grammar;
  Utf8Pending utf8;
};

// The next token, without a change to the state. NO_LOGITS before the first row.
Result<Produced> produce(const Vocab& vocab, const BranchState& state);

// The state after `token`, save for its row, which only a decode gives. GRAMMAR_REJECTED.
Result<BranchState> committed(const Vocab& vocab, const BranchState& state, llama_token token);

// The state after `count` tokens that pass neither sampler nor grammar, save for its row.
BranchState prefilled(const BranchState& state, size_t count);

} // namespace lloyal
