#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lazy_grammar.h"
#include "sampler.h"
#include "token_log.h"
#include "utf8.h"
#include "vocab.h"

namespace lloyal {

struct Produced {
  llama_token token;
  std::string text; // the complete code points that the token ends; empty for a stop token
  bool is_stop;
  double surprisal; // Drawn::surprisal
};

// Sums over what was committed, in nats.
struct Surprisals {
  uint64_t count = 0;
  double model = 0;
  double sampling = 0;
};

// How a sequence came to where its grammar stands: whoever goes the same way again stands there too.
struct GrammarHistory {
  struct Source {
    std::string gbnf;
    std::vector<Trigger> triggers; // none: it constrains from its start
    Utf8Pending utf8;              // as it was when the grammar was set
  };
  // Stands in `heard` for tokens that were prefilled in between.
  static constexpr llama_token prefill = -1;

  std::shared_ptr<const Source> source; // null: there is no grammar
  TokenLog heard;                       // committed since
};

// All that a sequence is beside its cells. A plain value: a fork copies it (what is large is shared and never
// changes), a batch works on a copy that replaces the original only after success.
struct BranchState {
  llama_pos position = 0; // tokens written so far
  std::shared_ptr<const LogitsRow> row;
  SamplingParams sampling;
  Biases bias, steer;
  TokenWindow window;
  double mu = 0; // Mirostat's bound, in bits
  uint64_t commits = 0;
  uint32_t draws = 0; // calls of sample since the last commit
  // At most one of the two.
  std::shared_ptr<const Grammar> grammar;
  std::shared_ptr<const LazyGrammar> lazy;
  GrammarHistory history;
  Utf8Pending utf8;
  Surprisals surprisals;
  // Of produce, until anything that it depends on changes.
  std::optional<Produced> memo;
};

// The next token, without a change to the state. NO_LOGITS before the first row. The memo is neither read nor written.
Result<Produced> produce(const Vocab& vocab, const BranchState& state);

// The token that number `draw` of the generator gives at this row; 0 is produce's.
Result<llama_token> sample(const Vocab& vocab, const BranchState& state, uint32_t draw);

// The state after `token`, save for its row, which only a decode gives. GRAMMAR_REJECTED.
Result<BranchState> committed(const Vocab& vocab, const BranchState& state, llama_token token);

// Tokens of the text that the grammar forces behind `token`. A model may cut it otherwise: they are good for a guess.
std::vector<llama_token> forced_behind(const Vocab& vocab, const BranchState& state, llama_token token);

// A grammar, at its start, in place of the one before; it waits where there are triggers. GRAMMAR_INVALID and
// INVALID_ARGUMENT.
Result<BranchState> constrained(const Vocab& vocab, const BranchState& state, std::shared_ptr<const Grammar> start,
                                GrammarHistory::Source source);

// The state in which only the grammar has heard `token`, and the text has it. GRAMMAR_REJECTED.
Result<BranchState> heard(const Vocab& vocab, const BranchState& state, llama_token token);

// The state after `count` tokens that pass neither sampler nor grammar, save for its row.
BranchState prefilled(const BranchState& state, size_t count);

} // namespace lloyal
