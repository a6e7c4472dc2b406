#pragma once

#include "attention.h"
#include "row_workers.h"

namespace lloyal {

// Computes all of it, on the threads of `workers`, or on the caller's where that is null. Throws std::bad_alloc.
void attend(const AttentionKernel& kernel, const Attention& attention, RowWorkers* workers);

} // namespace lloyal
