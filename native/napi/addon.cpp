#include "addon.h"

#include "context_wrap.h"
#include "load_model.h"
#include "model_wrap.h"
#include "owner_thread.h"

namespace lloyal {

Addon& Addon::of(Napi::Env env) {
  return *env.GetInstanceData<Addon>();
}

Addon::Addon(Napi::Env env, Napi::Object exports)
    : model_class(Napi::Persistent(ModelWrap::define(env))), context_class(Napi::Persistent(ContextWrap::define(env))),
      set_immediate(Napi::Persistent(env.Global().Get("setImmediate").As<Napi::Function>())) {
  exports.Set("loadModel", Napi::Function::New(env, load_model, "loadModel"));
  exports.Set("devices", Napi::Function::New(env, devices, "devices"));
  exports.Set("backendLog", Napi::Function::New(env, backend_log, "backendLog"));
  exports.Set("version", LLOYAL_VERSION);
  stop_threads_on_exit(env);
}

// process.exit() destroys C++ statics while other threads still run, ggml's among them: a decode in progress would
// crash. The "exit" event comes before that.
void Addon::stop_threads_on_exit(Napi::Env env) {
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const auto stop = Napi::Function::New(env, [](const Napi::CallbackInfo& info) { of(info.Env()).stop_threads(); });
  process.Get("on").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), stop});
}

void Addon::stop_threads() {
  // A copy, since each leaves the set as it stops.
  for (OwnerThread* thread : std::unordered_set<OwnerThread*>(threads_)) thread->shut_down();
}

} // namespace lloyal

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new lloyal::Addon(env, exports));
  return exports;
}

NODE_API_MODULE(lloyal, init)
