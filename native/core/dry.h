#pragma once

#include <span>
#include <utility>
#include <vector>

#include "llama.h"

namespace lloyal {

// For every token that would go on a repetition, the length of the longest one, by token. A repetition is an end of
// `window` that stands in it earlier too; it holds no breaker, and a breaker never goes one on. Linear time.
std::vector<std::pair<llama_token, size_t>> repetitions(std::span<const llama_token> window,
                                                        std::span<const llama_token> breakers);

} // namespace lloyal
