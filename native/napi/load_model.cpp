#include "load_model.h"

#include <atomic>
#include <memory>
#include <optional>

#include "convert.h"
#include "devices.h"
#include "log_capture.h"
#include "model_wrap.h"
#include "owner_thread.h"

namespace lloyal {
namespace {

// Lives from the call to its landing, on the JavaScript thread but for `cancelled`.
struct Load {
  explicit Load(Napi::Env env)
      : deferred(Napi::Promise::Deferred::New(env)), thread(env, [flag = cancelled] { flag->store(true); }) {}

  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  Napi::Promise::Deferred deferred;
  Napi::FunctionReference on_progress;
  std::optional<Napi::Error> thrown; // by on_progress
  OwnerThread thread;
};

void land(Napi::Env env, Load* load, Result<std::shared_ptr<Model>>& result) {
  const std::unique_ptr<Load> ends_here(load);
  if (load->thrown)
    load->deferred.Reject(load->thrown->Value());
  else if (result.ok())
    load->deferred.Resolve(ModelWrap::wrap(env, std::move(result.value())));
  else
    load->deferred.Reject(to_error(env, result.status()).Value());
}

// What it throws ends the loading, and is what the caller is told.
void report(Napi::Env env, Load* load, int percent) {
  if (load->thrown) return;
  try {
    load->on_progress.Call({Napi::Number::New(env, percent / 100.0)});
  } catch (const Napi::Error& error) {
    load->thrown = error;
    load->cancelled->store(true);
  }
}

// llama.cpp reports every tensor; JavaScript hears of every whole percent.
LoadProgress progress_of(Load* load, bool wanted) {
  return [load, wanted, percent = -1](float fraction) mutable {
    const int now = static_cast<int>(fraction * 100);
    if (wanted && now > percent) {
      percent = now;
      load->thread.tell([load, now](Napi::Env env) { report(env, load, now); });
    }
    return !load->cancelled->load();
  };
}

LoadParams to_load_params(const Napi::Object& options) {
  LoadParams params;
  params.path = to_text(options.Get("path"), "path");
  params.vocab_only = options.Get("vocabOnly").ToBoolean();
  params.mmap = options.Get("mmap").ToBoolean();
  params.mlock = options.Get("mlock").ToBoolean();
  params.gpu_layers = static_cast<int32_t>(to_integer(options.Get("gpuLayers"), "gpuLayers"));
  for_items(options.Get("gpus"), "gpus",
            [&](const Napi::Value& name) { params.gpus.push_back(to_text(name, "gpus")); });
  return params;
}

} // namespace

Napi::Value devices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  init_backend();
  Napi::Array array = Napi::Array::New(env);
  for (const Device& device : list_devices()) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", device.name);
    object.Set("backend", device.backend);
    object.Set("isGpu", device.is_gpu);
    object.Set("library", device.library);
    array.Set(array.Length(), object);
  }
  return array;
}

Napi::Value backend_log(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), backend_log());
}

Napi::Value load_model(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const LoadParams params = to_load_params(to_object(info[0], "options"));
  const bool wants_progress = info[1].IsFunction();

  auto* load = new Load(env);
  if (wants_progress) load->on_progress = Napi::Persistent(info[1].As<Napi::Function>());
  load->thread.post([=]() -> Landing {
    auto result =
        std::make_shared<Result<std::shared_ptr<Model>>>(Model::load(params, progress_of(load, wants_progress)));
    return [load, result](Napi::Env landing_env) { land(landing_env, load, *result); };
  });

  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", load->deferred.Promise());
  handle.Set("cancel",
             Napi::Function::New(env, [flag = load->cancelled](const Napi::CallbackInfo&) { flag->store(true); }));
  return handle;
}

} // namespace lloyal
