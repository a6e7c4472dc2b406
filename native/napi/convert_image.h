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

Napi::Object from_image(Napi::Env env, const SequenceImage& image);
// A copy. INVALID_ARGUMENT, with the field's name, for a value of another kind.
SequenceImage to_image(const Napi::Value& value);

} // namespace lloyal
