#pragma once

#include <cstdint>
#include <vector>

#include "llama.h"

namespace lloyal {

// The ranges are checked in TypeScript; see SamplingParams of sdk for the meaning and the order.
struct SamplingParams {
  double temperature = 0; // 0: greedy
  int32_t top_k = 0;      // 0: all
  double top_p = 1;
  double min_p = 0;
  uint32_t seed = 0;

  double repeat_penalty = 1;
  double frequency_penalty = 0;
  double presence_penalty = 0;
  int32_t penalty_last_n = 64;

  double dry_multiplier = 0; // 0: off
  double dry_base = 1.75;
  int32_t dry_allowed_length = 2;
  int32_t dry_last_n = 1024;
  std::vector<llama_token> dry_breakers = {};

  double top_n_sigma = 0; // 0: all
  double typical_p = 1;
  double xtc_probability = 0;
  double xtc_threshold = 0.1;
  int32_t mirostat = 0; // 0: off
  double mirostat_tau = 5;
  double mirostat_eta = 0.1;
  double dynatemp_range = 0;
  double dynatemp_exponent = 1;

  // Mirostat's threshold before its first token, in bits.
  double first_mu() const { return 2 * mirostat_tau; }
};

} // namespace lloyal
