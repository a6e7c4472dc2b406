#pragma once

#include "context.h"

namespace lloyal {

// The cells that llama.cpp holds for living sequences, a shared one counted once; -1 when the state does not look
// as expected. Independent of every ledger of ours. A model that keeps only states has no cells. Cost: one pass over
// the cells, no tensor is read.
int64_t count_cells(const Context& context);

} // namespace lloyal
