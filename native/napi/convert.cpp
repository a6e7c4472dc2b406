#include "convert.h"

#include <cmath>
#include <limits>

namespace lloyal {
namespace {

const char* name_of(Code code) {
  switch (code) {
  case Code::invalid_argument:
    return "INVALID_ARGUMENT";
  case Code::branch_disposed:
    return "BRANCH_DISPOSED";
  case Code::branch_in_flight:
    return "BRANCH_IN_FLIGHT";
  case Code::sequences_exhausted:
    return "SEQUENCES_EXHAUSTED";
  case Code::kv_exhausted:
    return "KV_EXHAUSTED";
  case Code::no_logits:
    return "NO_LOGITS";
  case Code::decode_failed:
    return "DECODE_FAILED";
  case Code::grammar_invalid:
    return "GRAMMAR_INVALID";
  case Code::grammar_rejected:
    return "GRAMMAR_REJECTED";
  case Code::model_not_found:
    return "MODEL_NOT_FOUND";
  case Code::model_invalid:
    return "MODEL_INVALID";
  case Code::context_disposed:
    return "CONTEXT_DISPOSED";
  case Code::cancelled:
    return "CANCELLED";
  case Code::backend_unavailable:
    return "BACKEND_UNAVAILABLE";
  case Code::state_invalid:
    return "STATE_INVALID";
  case Code::ok:
    break;
  }
  return "OK";
}

Napi::Error mismatch(Napi::Env env, const char* name, const char* expected) {
  return to_error(env, {Code::invalid_argument, std::string(name) + " must be " + expected});
}

// For each pair of `handles` and `tokens`, what `take` makes of the latter.
template <typename Take>
std::vector<FlightRequest> paired(const Napi::Value& handles, const Napi::Value& tokens, const Take& take) {
  const Napi::Env env = handles.Env();
  if (!handles.IsArray() || !tokens.IsArray()) throw mismatch(env, "entries", "arrays");
  const auto handle_array = handles.As<Napi::Array>(), token_array = tokens.As<Napi::Array>();
  const uint32_t length = handle_array.Length();
  if (length != token_array.Length()) throw mismatch(env, "entries", "arrays of equal length");
  std::vector<FlightRequest> requests;
  requests.reserve(length);
  for (uint32_t i = 0; i < length; ++i)
    requests.push_back({to_integer(handle_array.Get(i), "sequence"), take(token_array.Get(i))});
  return requests;
}

} // namespace

void for_items(const Napi::Value& value, const char* name, const std::function<void(const Napi::Value&)>& take) {
  if (!value.IsArray()) throw mismatch(value.Env(), name, "an array");
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) take(array.Get(i));
}

Napi::Error to_error(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message);
  Napi::Object facts = Napi::Object::New(env);
  for (const auto& [name, value] : status.facts) facts.Set(name, static_cast<double>(value));
  error.Set("code", name_of(status.code));
  error.Set("facts", facts);
  error.Set("log", status.log);
  return error;
}

void throw_if(Napi::Env env, const Status& status) {
  if (!status.ok()) throw to_error(env, status);
}

double to_number(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) throw mismatch(value.Env(), name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t to_integer(const Napi::Value& value, const char* name) {
  const double number = to_number(value, name);
  constexpr double limit = 9007199254740991;
  if (!(std::fabs(number) <= limit) || number != std::floor(number)) throw mismatch(value.Env(), name, "an integer");
  return static_cast<int64_t>(number);
}

std::string to_text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw mismatch(value.Env(), name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Object to_object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw mismatch(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

std::optional<std::string> to_optional_text(const Napi::Value& value, const char* name) {
  if (value.IsUndefined()) return std::nullopt;
  return to_text(value, name);
}

llama_token to_token(const Napi::Value& value, const char* name) {
  const int64_t token = to_integer(value, name);
  if (token < 0 || token > std::numeric_limits<llama_token>::max())
    throw to_error(value.Env(), {Code::invalid_argument, "there is no such token", {{"token", token}}});
  return static_cast<llama_token>(token);
}

SamplingParams to_sampling(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "sampling");
  const auto number = [&](const char* name) { return to_number(object.Get(name), name); };
  const auto integer = [&](const char* name) {
    const int64_t whole = std::min<int64_t>(to_integer(object.Get(name), name), std::numeric_limits<int32_t>::max());
    return static_cast<int32_t>(whole);
  };
  SamplingParams params;
  params.temperature = number("temperature");
  params.top_k = integer("topK");
  params.top_p = number("topP");
  params.min_p = number("minP");
  params.seed = static_cast<uint32_t>(to_integer(object.Get("seed"), "seed"));
  params.repeat_penalty = number("repeatPenalty");
  params.frequency_penalty = number("frequencyPenalty");
  params.presence_penalty = number("presencePenalty");
  params.penalty_last_n = integer("penaltyLastN");
  params.dry_multiplier = number("dryMultiplier");
  params.dry_base = number("dryBase");
  params.dry_allowed_length = integer("dryAllowedLength");
  params.dry_last_n = integer("dryLastN");
  for_items(object.Get("dryBreakers"), "dryBreakers",
            [&](const Napi::Value& item) { params.dry_breakers.push_back(to_token(item, "dryBreakers")); });
  params.top_n_sigma = number("topNSigma");
  params.typical_p = number("typicalP");
  params.xtc_probability = number("xtcProbability");
  params.xtc_threshold = number("xtcThreshold");
  params.mirostat = integer("mirostat");
  params.mirostat_tau = number("mirostatTau");
  params.mirostat_eta = number("mirostatEta");
  params.dynatemp_range = number("dynatempRange");
  params.dynatemp_exponent = number("dynatempExponent");
  return params;
}

std::vector<TokenBias> to_biases(const Napi::Value& value) {
  std::vector<TokenBias> biases;
  for_items(value, "biases", [&](const Napi::Value& item) {
    const Napi::Object entry = to_object(item, "bias");
    biases.push_back({to_token(entry.Get("token"), "token"), to_number(entry.Get("bias"), "bias")});
  });
  return biases;
}

std::vector<Trigger> to_triggers(const Napi::Value& value) {
  std::vector<Trigger> triggers;
  for_items(value, "triggers", [&](const Napi::Value& item) {
    const Napi::Object entry = to_object(item, "trigger");
    const std::string type = to_text(entry.Get("type"), "type");
    if (type == "token")
      triggers.push_back({Trigger::Kind::token, to_token(entry.Get("token"), "token")});
    else if (type == "word")
      triggers.push_back({Trigger::Kind::word, LLAMA_TOKEN_NULL, to_text(entry.Get("text"), "text")});
    else if (type == "pattern" || type == "pattern-full")
      triggers.push_back({type == "pattern" ? Trigger::Kind::pattern : Trigger::Kind::pattern_full, LLAMA_TOKEN_NULL,
                          to_text(entry.Get("source"), "source")});
    else
      throw mismatch(item.Env(), "a trigger's type", "token, word, pattern or pattern-full");
  });
  return triggers;
}

std::vector<FlightRequest> to_requests(const Napi::Value& handles, const Napi::Value& tokens) {
  return paired(handles, tokens, [](const Napi::Value& item) -> std::vector<llama_token> {
    if (!item.IsTypedArray() || item.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
      throw mismatch(item.Env(), "tokens", "an Int32Array");
    const auto ids = item.As<Napi::Int32Array>();
    return {ids.Data(), ids.Data() + ids.ElementLength()};
  });
}

std::vector<FlightRequest> to_rows(const Napi::Value& handles, const Napi::Value& tokens) {
  return paired(handles, tokens,
                [](const Napi::Value& item) -> std::vector<llama_token> { return {to_token(item, "token")}; });
}

Napi::Object from_produced(Napi::Env env, const Produced& produced) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("token", produced.token);
  object.Set("text", produced.text);
  object.Set("isStop", produced.is_stop);
  return object;
}

} // namespace lloyal
