#include "model_wrap.h"

#include "addon.h"
#include "context_wrap.h"
#include "convert.h"

namespace lloyal {

Napi::Function ModelWrap::define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {
                         InstanceMethod<&ModelWrap::describe>("describe"),
                         InstanceMethod<&ModelWrap::tokenize>("tokenize"),
                         InstanceMethod<&ModelWrap::bytes>("bytes"),
                         InstanceMethod<&ModelWrap::is_stop>("isStop"),
                         InstanceMethod<&ModelWrap::create_context>("createContext"),
                         InstanceMethod<&ModelWrap::dispose>("dispose"),
                     });
}

Napi::Object ModelWrap::wrap(Napi::Env env, std::shared_ptr<Model> model) {
  return Addon::of(env).model_class.New({Napi::External<std::shared_ptr<Model>>::New(env, &model)});
}

ModelWrap::ModelWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelWrap>(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use loadModel");
  model_ = *info[0].As<Napi::External<std::shared_ptr<Model>>>().Data();
}

const Model& ModelWrap::living(Napi::Env env) const {
  if (!model_) throw to_error(env, {Code::context_disposed, "vocabulary"});
  return *model_;
}

llama_token ModelWrap::token_at(const Napi::CallbackInfo& info) const {
  const int64_t token = to_integer(info[0], "token");
  const Vocab& vocab = living(info.Env()).vocab();
  if (token < 0 || token >= vocab.size())
    throw to_error(info.Env(), {Code::invalid_argument, "there is no such token", {{"token", token}}});
  return static_cast<llama_token>(token);
}

Napi::Value ModelWrap::describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Vocab& vocab = living(env).vocab();
  Napi::Object object = Napi::Object::New(env);
  object.Set("size", vocab.size());
  if (const auto bos = vocab.bos()) object.Set("bos", *bos);
  if (const std::string text = model_->chat_template(); !text.empty()) object.Set("chatTemplate", text);
  Napi::Array structural = Napi::Array::New(env);
  for (const StructuralToken& token : vocab.structural()) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("token", token.token);
    entry.Set("text", token.text);
    structural.Set(structural.Length(), entry);
  }
  object.Set("structural", structural);
  Napi::Array suppressed = Napi::Array::New(env);
  for (const llama_token token : vocab.suppressed()) suppressed.Set(suppressed.Length(), token);
  object.Set("suppressed", suppressed);
  return object;
}

Napi::Value ModelWrap::tokenize(const Napi::CallbackInfo& info) {
  const std::string text = to_text(info[0], "text");
  const std::vector<llama_token> tokens = living(info.Env()).vocab().tokenize(text, info[1].ToBoolean());
  Napi::Int32Array array = Napi::Int32Array::New(info.Env(), tokens.size());
  std::copy(tokens.begin(), tokens.end(), array.Data());
  return array;
}

Napi::Value ModelWrap::bytes(const Napi::CallbackInfo& info) {
  const std::string bytes = living(info.Env()).vocab().bytes(token_at(info), info[1].ToBoolean());
  Napi::Uint8Array array = Napi::Uint8Array::New(info.Env(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), array.Data());
  return array;
}

Napi::Value ModelWrap::is_stop(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), living(info.Env()).vocab().is_stop(token_at(info)));
}

Napi::Value ModelWrap::create_context(const Napi::CallbackInfo& info) {
  living(info.Env());
  return ContextWrap::create(info.Env(), model_, to_object(info[0], "options"));
}

Napi::Value ModelWrap::dispose(const Napi::CallbackInfo& info) {
  model_.reset();
  return info.Env().Undefined();
}

} // namespace lloyal
