#pragma once

#include <optional>

#include "counter_rng.h"
#include "edits.h"
#include "grammar.h"
#include "logits_row.h"
#include "sampling_params.h"

namespace lloyal {

// What a draw depends on, beside its number.
struct Choice {
  const LogitsRow& row;
  const Edits& edits;
  const Grammar* grammar; // null: everything is allowed
  const SamplingParams& params;
  double mu; // Mirostat's bound, in bits
};

struct Drawn {
  llama_token token;
  // -ln of the probability that it had, in nats. Under a grammar it may be off by the probability of the tokens
  // outside the 256 most likely ones, of which some were not asked about.
  double surprisal;
};

// The next token: grammar, edits, then the chain; see SamplingParams of sdk. A function of its arguments alone.
// GRAMMAR_INVALID when the grammar leaves no token of this vocabulary, INVALID_ARGUMENT when the edits leave none.
Result<Drawn> draw(const Choice& choice, const DrawKey& key);

// Drawn::surprisal of any token; infinite for one that `draw` cannot give.
double sampling_surprisal(const Choice& choice, const DrawKey& key, llama_token token);

} // namespace lloyal
