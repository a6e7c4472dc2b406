#pragma once

#include <napi.h>

namespace lloyal {

// loadModel(options, onProgress?) → { promise, cancel() }. The file is read on a thread of its own.
Napi::Value load_model(const Napi::CallbackInfo& info);

// devices() → [{ name, backend, isGpu }].
Napi::Value devices(const Napi::CallbackInfo& info);

} // namespace lloyal
