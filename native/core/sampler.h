#pragma once

#include <memory>
#include <string>

#include "counter_rng.h"
#include "grammar.h"
#include "logits_row.h"

namespace lloyal {

// The ranges are checked in TypeScript; see SamplingParams of sdk for the meaning.
struct SamplingParams {
  double temperature = 0; // 0: greedy
  int32_t top_k = 0;      // 0: all
  double top_p = 1;
  double min_p = 0;
  uint32_t seed = 0;
};

// Grammar, then top-k, top-p, min-p on the probabilities at temperature 1, then temperature and the draw. A function
// of its arguments alone. GRAMMAR_INVALID when the grammar leaves no token of this vocabulary.
Result<llama_token> sample(const LogitsRow& row, const Grammar* grammar, const SamplingParams& params, DrawKey key);

} // namespace lloyal
