#pragma once

#include <optional>
#include <string>
#include <vector>

#include "branch_state.h"
#include "grammar_shelf.h"

namespace lloyal {

// A BranchState as plain values, to be written down. Its grammar is the way that led to where it stands.
struct SavedState {
  struct GrammarWay {
    GrammarHistory::Source source;
    std::vector<llama_token> heard;
  };

  llama_pos position = 0;
  std::vector<float> row; // empty: none
  SamplingParams sampling;
  std::vector<TokenBias> bias, steer;
  std::vector<llama_token> window;
  double mu = 0;
  uint64_t commits = 0;
  uint32_t draws = 0;
  std::string utf8;
  Surprisals surprisals;
  std::optional<GrammarWay> grammar;
};

SavedState saved(const BranchState& state);

// The state again, memo aside. INVALID_ARGUMENT for tokens that the vocabulary does not have, a row of another length
// or without a finite logit; GRAMMAR_INVALID, and GRAMMAR_REJECTED when the grammar forbids its own way.
// Cost: the grammar hears all tokens of its way again.
Result<BranchState> revived(const Vocab& vocab, GrammarShelf& grammars, const SavedState& saved);

} // namespace lloyal
