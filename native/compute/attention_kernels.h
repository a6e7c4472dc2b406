#pragma once

#include <vector>

#include "attention.h"

namespace lloyal {

// Those that this CPU can run, the best one first; none where ggml's own have to do.
const std::vector<const AttentionKernel*>& attention_kernels();

} // namespace lloyal
