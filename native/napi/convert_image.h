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

// Takes the bytes of the cells over; where this runtime lets no array have memory of others, they are copied.
Napi::Object from_image(Napi::Env env, SequenceImage&& image);
// A copy of all but the cells. INVALID_ARGUMENT, with the field's name, for a value of another kind.
SequenceImage to_image(const Napi::Value& value);
// Its cells, as they lie in JavaScript's memory. INVALID_ARGUMENT.
Napi::Uint8Array cells_of(const Napi::Object& image);

} // namespace lloyal
