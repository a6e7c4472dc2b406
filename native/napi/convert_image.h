#pragma once

#include <napi.h>

#include "saved_cells.h"
#include "saved_state.h"

namespace lloyal {

// SequenceImage of sdk: a sequence as plain values.
struct SequenceImage {
  SavedState state;
  SavedCells cells;
};

// All but the cells.
Napi::Object from_image(Napi::Env env, const SavedState& state, llama_pos from);
// A copy of all but the cells. INVALID_ARGUMENT, with the field's name, for a value of another kind.
SequenceImage to_image(const Napi::Value& value);
// Its cells, where they lie in JavaScript's memory. INVALID_ARGUMENT.
Napi::Uint8Array cells_of(const Napi::Object& image);

} // namespace lloyal
