#pragma once

#include <napi.h>

namespace lloyal {

// loadModel(path, vocabOnly, onProgress?) → { promise, cancel() }. The file is read on a thread of its own.
Napi::Value load_model(const Napi::CallbackInfo& info);

} // namespace lloyal
