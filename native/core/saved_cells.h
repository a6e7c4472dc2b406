#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "context.h"

namespace lloyal {

// What the cache holds of one sequence, from a position on. In llama.cpp's own form, which only a context of the same
// model, build and options can read: whoever keeps it has to see to that, and that no byte of it changes.
struct SavedCells {
  llama_pos from = 0; // what comes before is shared with another sequence
  llama_pos end = 0;
  std::vector<uint8_t> bytes;
};

// Whether a sequence can be saved without what it shares: a state goes over all tokens, and the cells of a sliding
// window that one sequence alone holds are given away once they lie behind it.
bool can_save_part(const Model& model);

// The cells [from, end) of `seq`, which keeps them. INVALID_ARGUMENT where the model does not allow for this part;
// DECODE_FAILED when there is no memory for it.
Result<SavedCells> save_cells(const Context& context, llama_seq_id seq, llama_pos from, llama_pos end);

// Brings them back as `seq`, which must be empty; the cells before them are those of `prefix`. On failure `seq` is
// empty again and all others are as before: STATE_INVALID when they are not what this context saves, KV_EXHAUSTED.
Status restore_cells(const Context& context, const SavedCells& saved, llama_seq_id seq, llama_seq_id prefix);

// Moves all cells to the front, in their order, so that attention no longer goes over the holes between them. The
// cache is taken out whole and put back: that takes as many bytes of memory as the cells in use, and the time to clear
// the cache and to fill it. False when they could not be put back: then all are lost.
bool compact_cells(const Context& context);

} // namespace lloyal
