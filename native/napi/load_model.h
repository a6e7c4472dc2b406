#pragma once

#include <napi.h>

namespace lloyal {

// loadModel(options, onProgress?) → { promise, cancel() }. The file is read on a thread of its own.
Napi::Value load_model(const Napi::CallbackInfo& info);

// devices() → [{ name, backend, isGpu, library }].
Napi::Value devices(const Napi::CallbackInfo& info);

// backendLog() → text: why devices() lacks one. Call it after that.
Napi::Value backend_log(const Napi::CallbackInfo& info);

} // namespace lloyal
