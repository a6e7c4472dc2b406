#pragma once

#include <napi.h>

#include <memory>

#include "model.h"

namespace lloyal {

// NativeModel of binding/native.ts: the vocabulary half of a loaded file, and the place where contexts come from.
class ModelWrap : public Napi::ObjectWrap<ModelWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<Model> model);
  explicit ModelWrap(const Napi::CallbackInfo& info);

 private:
  const Model& living(Napi::Env env) const;
  llama_token token_at(const Napi::CallbackInfo& info) const;

  Napi::Value describe(const Napi::CallbackInfo& info);
  Napi::Value tokenize(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value is_stop(const Napi::CallbackInfo& info);
  Napi::Value create_context(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Model> model_; // null once disposed; contexts keep their own share
};

} // namespace lloyal
