#include "context_wrap.h"

#include <cmath>
#include <map>

#include "addon.h"
#include "convert.h"

namespace lloyal {
namespace {

// What the words of an option mean.
template <typename T> using Choices = std::map<std::string, T>;

const Choices<ggml_type> cache_types{
    {"f32", GGML_TYPE_F32}, {"f16", GGML_TYPE_F16}, {"q8_0", GGML_TYPE_Q8_0}, {"q4_0", GGML_TYPE_Q4_0}};
const Choices<llama_flash_attn_type> flash_attention{{"auto", LLAMA_FLASH_ATTN_TYPE_AUTO},
                                                     {"on", LLAMA_FLASH_ATTN_TYPE_ENABLED},
                                                     {"off", LLAMA_FLASH_ATTN_TYPE_DISABLED}};
const Choices<llama_rope_scaling_type> rope_scalings{{"none", LLAMA_ROPE_SCALING_TYPE_NONE},
                                                     {"linear", LLAMA_ROPE_SCALING_TYPE_LINEAR},
                                                     {"yarn", LLAMA_ROPE_SCALING_TYPE_YARN}};

const Choices<Fault> faults{
    {"no-space", Fault::no_space}, {"compute", Fault::compute}, {"not-finite", Fault::not_finite}};

template <typename T> T choose(const Napi::Value& value, const char* name, const Choices<T>& choices) {
  const auto found = choices.find(to_text(value, name));
  if (found == choices.end())
    throw to_error(value.Env(), {Code::invalid_argument, std::string(name) + " is none of its choices"});
  return found->second;
}

RopeParams to_rope(const Napi::Object& rope) {
  return {choose(rope.Get("type"), "rope.type", rope_scalings),
          static_cast<float>(to_number(rope.Get("factor"), "rope.factor")),
          static_cast<float>(to_number(rope.Get("freqBase"), "rope.freqBase")),
          static_cast<uint32_t>(to_integer(rope.Get("originalContext"), "rope.originalContext"))};
}

ContextParams to_params(const Napi::Object& options) {
  const auto integer = [&](const char* name) { return to_integer(options.Get(name), name); };
  ContextParams params;
  params.n_ctx = static_cast<uint32_t>(integer("nCtx"));
  params.n_batch = static_cast<uint32_t>(integer("nBatch"));
  params.n_ubatch = static_cast<uint32_t>(integer("nUbatch"));
  params.n_seq_max = static_cast<uint32_t>(integer("nSeqMax"));
  params.n_threads = static_cast<int32_t>(integer("nThreads"));
  params.n_threads_batch = static_cast<int32_t>(integer("nThreadsBatch"));
  params.type_k = choose(options.Get("typeK"), "typeK", cache_types);
  params.type_v = choose(options.Get("typeV"), "typeV", cache_types);
  params.flash_attn = choose(options.Get("flashAttn"), "flashAttn", flash_attention);
  if (const Napi::Value rope = options.Get("rope"); !rope.IsUndefined()) params.rope = to_rope(to_object(rope, "rope"));
  if (const Napi::Value value = options.Get("deterministic"); !value.IsUndefined())
    params.deterministic = value.ToBoolean().Value();
  for_items(options.Get("lora"), "lora", [&](const Napi::Value& item) {
    const Napi::Object lora = to_object(item, "lora");
    params.lora.push_back(
        {to_text(lora.Get("path"), "lora.path"), static_cast<float>(to_number(lora.Get("scale"), "lora.scale"))});
  });
  return params;
}

} // namespace

Napi::Function ContextWrap::define(Napi::Env env) {
  return DefineClass(env, "NativeContext",
                     {
                         InstanceMethod<&ContextWrap::limits>("limits"),
                         InstanceMethod<&ContextWrap::decode_ms>("decodeMs"),
                         InstanceMethod<&ContextWrap::open>("open"),
                         InstanceMethod<&ContextWrap::fork>("fork"),
                         InstanceMethod<&ContextWrap::close>("close"),
                         InstanceMethod<&ContextWrap::set_grammar>("setGrammar"),
                         InstanceMethod<&ContextWrap::set_sampling>("setSampling"),
                         InstanceMethod<&ContextWrap::set_lazy_grammar>("setLazyGrammar"),
                         InstanceMethod<&ContextWrap::set_logit_bias>("setLogitBias"),
                         InstanceMethod<&ContextWrap::set_steer>("setSteer"),
                         InstanceMethod<&ContextWrap::reseed>("reseed"),
                         InstanceMethod<&ContextWrap::accept>("accept"),
                         InstanceMethod<&ContextWrap::produce>("produce"),
                         InstanceMethod<&ContextWrap::sample>("sample"),
                         InstanceMethod<&ContextWrap::entropy>("entropy"),
                         InstanceMethod<&ContextWrap::surprisal>("surprisal"),
                         InstanceMethod<&ContextWrap::metrics>("metrics"),
                         InstanceMethod<&ContextWrap::row>("row"),
                         InstanceMethod<&ContextWrap::prefill>("prefill"),
                         InstanceMethod<&ContextWrap::commit>("commit"),
                         InstanceMethod<&ContextWrap::run>("run"),
                         InstanceMethod<&ContextWrap::count_cells>("countCells"),
                         InstanceMethod<&ContextWrap::save>("save"),
                         InstanceMethod<&ContextWrap::restore>("restore"),
                         InstanceMethod<&ContextWrap::compact>("compact"),
                         InstanceMethod<&ContextWrap::dispose>("dispose"),
                         InstanceMethod<&ContextWrap::fail_decodes>("failDecodes"),
                     });
}

ContextWrap::ContextWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ContextWrap>(info) {
  owner_ = std::make_unique<OwnerThread>(info.Env(), [this] {
    if (context_) context_->abort = true;
  });
}

Napi::Promise ContextWrap::create(Napi::Env env, std::shared_ptr<Model> model, const Napi::Object& options) {
  const ContextParams params = to_params(options);
  const Napi::Object object = Addon::of(env).context_class.New({});
  ContextWrap* self = Unwrap(object);
  self->Ref();
  const auto deferred = Napi::Promise::Deferred::New(env);
  self->owner_->post([self, deferred, params, model = std::move(model)]() -> Landing {
    auto created = std::make_shared<Result<std::unique_ptr<Context>>>(Context::create(model, params));
    return [self, deferred, created](Napi::Env landing_env) {
      if (created->ok()) {
        self->context_ = std::move(created->value());
        self->decoder_ = std::make_unique<Decoder>(*self->context_);
        const ContextLimits& limits = self->context_->limits();
        self->table_ = std::make_unique<BranchTable>(self->context_->model().vocab(), limits.n_seq_max);
        deferred.Resolve(self->Value());
      } else {
        self->disposed_ = true;
        self->owner_->shut_down();
        deferred.Reject(to_error(landing_env, created->status()).Value());
      }
      self->Unref();
    };
  });
  return deferred.Promise();
}

BranchTable& ContextWrap::living(Napi::Env env, const char* doing) {
  if (disposed_ || !table_ || owner_->stopped()) throw to_error(env, {Code::context_disposed, doing});
  return *table_;
}

Napi::Value ContextWrap::limits(const Napi::CallbackInfo& info) {
  living(info.Env(), "limits");
  const ContextLimits& limits = context_->limits();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("nCtx", limits.n_ctx);
  object.Set("nBatch", limits.n_batch);
  object.Set("nUbatch", limits.n_ubatch);
  object.Set("nSeqMax", limits.n_seq_max);
  object.Set("nVocab", limits.n_vocab);
  object.Set("nThreads", limits.n_threads);
  object.Set("nThreadsBatch", limits.n_threads_batch);
  object.Set("deterministic", limits.deterministic);
  const std::vector<Device>& devices = context_->model().devices();
  Napi::Array names = Napi::Array::New(info.Env());
  for (const Device& device : devices) names.Set(names.Length(), device.name);
  object.Set("devices", names);
  const Model& model = context_->model();
  object.Set("cellsPerToken", model.has_cells() ? 1 : 0);
  object.Set("draftRows", limits.draft_rows);
  object.Set("recurrent", model.has_state());
  object.Set("swaWindow", model.swa_window());
  object.Set("encoder", llama_model_has_encoder(model.get()));
  object.Set("backend", devices.front().backend);
  object.Set("llamaCommit", ggml_commit());
  return object;
}

Napi::Value ContextWrap::decode_ms(const Napi::CallbackInfo& info) {
  living(info.Env(), "decodeMs");
  const std::chrono::duration<double, std::milli> spent = decoder_->decode_time();
  return Napi::Number::New(info.Env(), spent.count());
}

Napi::Value ContextWrap::open(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "open");
  const auto handle = table.open(to_sampling(info[0]), to_optional_text(info[1], "grammar"));
  return Napi::Number::New(info.Env(), static_cast<double>(value_or_throw(info.Env(), handle)));
}

Napi::Value ContextWrap::fork(const Napi::CallbackInfo& info) {
  const auto child = living(info.Env(), "fork").fork(to_integer(info[0], "sequence"));
  return Napi::Number::New(info.Env(), static_cast<double>(value_or_throw(info.Env(), child)));
}

// After a dispose there is nothing left to close; that is not the caller's mistake.
Napi::Value ContextWrap::close(const Napi::CallbackInfo& info) {
  const SequenceHandle handle = to_integer(info[0], "sequence");
  if (table_ && table_->close(handle)) context_->abort = true;
  return info.Env().Undefined();
}

Napi::Value ContextWrap::set_grammar(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "setGrammar");
  throw_if(info.Env(), table.set_grammar(to_integer(info[0], "sequence"), to_optional_text(info[1], "grammar")));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::set_sampling(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "setSampling");
  throw_if(info.Env(), table.set_sampling(to_integer(info[0], "sequence"), to_sampling(info[1])));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::set_lazy_grammar(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "setLazyGrammar");
  const SequenceHandle handle = to_integer(info[0], "sequence");
  throw_if(info.Env(), table.set_lazy_grammar(handle, to_text(info[1], "grammar"), to_triggers(info[2])));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::set_logit_bias(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "setLogitBias");
  throw_if(info.Env(), table.set_logit_bias(to_integer(info[0], "sequence"), to_biases(info[1])));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::set_steer(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "setSteer");
  throw_if(info.Env(), table.set_steer(to_integer(info[0], "sequence"), to_biases(info[1])));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::reseed(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "reseed");
  const auto seed = static_cast<uint32_t>(to_integer(info[1], "seed"));
  throw_if(info.Env(), table.reseed(to_integer(info[0], "sequence"), seed));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::accept(const Napi::CallbackInfo& info) {
  BranchTable& table = living(info.Env(), "accept");
  throw_if(info.Env(), table.accept(to_integer(info[0], "sequence"), to_token(info[1], "token")));
  return info.Env().Undefined();
}

Napi::Value ContextWrap::sample(const Napi::CallbackInfo& info) {
  auto token = living(info.Env(), "sample").sample(to_integer(info[0], "sequence"));
  return Napi::Number::New(info.Env(), value_or_throw(info.Env(), std::move(token)));
}

Napi::Value ContextWrap::entropy(const Napi::CallbackInfo& info) {
  auto row = living(info.Env(), "entropy").row(to_integer(info[0], "sequence"), "entropy");
  return Napi::Number::New(info.Env(), value_or_throw(info.Env(), std::move(row))->entropy());
}

Napi::Value ContextWrap::surprisal(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  BranchTable& table = living(env, "surprisal");
  const auto row = value_or_throw(env, table.row(to_integer(info[0], "sequence"), "surprisal"));
  const llama_token token = to_token(info[1], "token");
  if (!table.vocab().contains(token))
    throw to_error(env, {Code::invalid_argument, "there is no such token", {{"token", token}}});
  return Napi::Number::New(env, row->surprisal(token));
}

Napi::Value ContextWrap::metrics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto sums = value_or_throw(env, living(env, "metrics").surprisals(to_integer(info[0], "sequence")));
  // 0 / 0 is NaN, which is what nothing committed means.
  const auto count = static_cast<double>(sums.count);
  Napi::Object object = Napi::Object::New(env);
  object.Set("perplexity", std::exp(sums.model / count));
  object.Set("samplingPerplexity", std::exp(sums.sampling / count));
  return object;
}

Napi::Value ContextWrap::fail_decodes(const Napi::CallbackInfo& info) {
  living(info.Env(), "failDecodes");
  if (info[0].IsUndefined()) {
    decoder_->faults().clear();
    return info.Env().Undefined();
  }
  const Napi::Object plan = to_object(info[0], "fault");
  decoder_->faults().ask(choose(plan.Get("kind"), "kind", faults), to_integer(plan.Get("spared"), "spared"),
                         plan.Get("lasting").ToBoolean());
  return info.Env().Undefined();
}

Napi::Value ContextWrap::produce(const Napi::CallbackInfo& info) {
  auto produced = living(info.Env(), "produce").produce(to_integer(info[0], "sequence"));
  return from_produced(info.Env(), value_or_throw(info.Env(), std::move(produced)));
}

Napi::Value ContextWrap::row(const Napi::CallbackInfo& info) {
  auto found = living(info.Env(), "row").row(to_integer(info[0], "sequence"), "row");
  const auto row = value_or_throw(info.Env(), std::move(found));
  Napi::Float32Array array = Napi::Float32Array::New(info.Env(), row->logits().size());
  std::copy(row->logits().begin(), row->logits().end(), array.Data());
  return array;
}

} // namespace lloyal
