#pragma once

#include <string>

#include "ggml-backend.h"

namespace lloyal {

// Registers what computes. Where the backends are linked in, ggml has done that already. Where they are libraries of
// their own, they come from the folder of this very library: of the CPU's variants the best that this machine can run,
// and every GPU's. ggml's own search would look beside the executable, in the current folder and at GGML_BACKEND_PATH.
void load_backends();

// The file name of the library that a backend came from; empty where it is linked in.
std::string library_of(ggml_backend_reg_t backend);

} // namespace lloyal
