#include "convert_image.h"

#include <algorithm>
#include <limits>

#include "convert.h"

namespace lloyal {
namespace {

Napi::Error mismatch(Napi::Env env, const char* name, const char* expected) {
  return to_error(env, {Code::invalid_argument, std::string(name) + " must be " + expected});
}

template <typename T> Napi::Array from_numbers(Napi::Env env, const T& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); ++i) array.Set(i, static_cast<double>(numbers[i]));
  return array;
}

// Not as characters, which JavaScript would read as UTF-8: they are less than one.
Napi::Array from_bytes(Napi::Env env, const std::string& bytes) {
  return from_numbers(env, std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

std::string to_bytes(const Napi::Value& value, const char* name) {
  std::string bytes;
  for_items(value, name, [&](const Napi::Value& item) {
    const int64_t byte = to_integer(item, name);
    if (byte < 0 || byte > 255 || bytes.size() == 3) throw mismatch(item.Env(), name, "at most three bytes");
    bytes.push_back(static_cast<char>(byte));
  });
  return bytes;
}

std::vector<llama_token> to_tokens(const Napi::Value& value, const char* name) {
  std::vector<llama_token> tokens;
  for_items(value, name, [&](const Napi::Value& item) { tokens.push_back(to_token(item, name)); });
  return tokens;
}

llama_pos to_position(const Napi::Value& value, const char* name) {
  const int64_t position = to_integer(value, name);
  if (position < 0 || position > std::numeric_limits<llama_pos>::max()) throw mismatch(value.Env(), name, "a position");
  return static_cast<llama_pos>(position);
}

Napi::Array from_biases(Napi::Env env, const std::vector<TokenBias>& biases) {
  Napi::Array array = Napi::Array::New(env);
  for (const TokenBias& entry : biases) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("token", entry.token);
    object.Set("bias", entry.bias);
    array.Set(array.Length(), object);
  }
  return array;
}

Napi::Object from_trigger(Napi::Env env, const Trigger& trigger) {
  Napi::Object object = Napi::Object::New(env);
  switch (trigger.kind) {
  case Trigger::Kind::token:
    object.Set("type", "token");
    object.Set("token", trigger.token);
    break;
  case Trigger::Kind::word:
    object.Set("type", "word");
    object.Set("text", trigger.text);
    break;
  default:
    object.Set("type", trigger.kind == Trigger::Kind::pattern ? "pattern" : "pattern-full");
    object.Set("source", trigger.text);
  }
  return object;
}

Napi::Object from_grammar(Napi::Env env, const SavedState::GrammarWay& way) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array triggers = Napi::Array::New(env);
  for (const Trigger& trigger : way.source.triggers) triggers.Set(triggers.Length(), from_trigger(env, trigger));
  object.Set("text", way.source.gbnf);
  object.Set("triggers", triggers);
  object.Set("pendingBytes", from_bytes(env, way.source.utf8.bytes));
  object.Set("heard", from_numbers(env, way.heard));
  return object;
}

SavedState::GrammarWay to_grammar(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "grammar");
  SavedState::GrammarWay way;
  way.source.gbnf = to_text(object.Get("text"), "grammar.text");
  way.source.triggers = to_triggers(object.Get("triggers"));
  way.source.utf8.bytes = to_bytes(object.Get("pendingBytes"), "grammar.pendingBytes");
  for_items(object.Get("heard"), "grammar.heard", [&](const Napi::Value& item) {
    const bool is_prefill = to_integer(item, "grammar.heard") == GrammarHistory::prefill;
    way.heard.push_back(is_prefill ? GrammarHistory::prefill : to_token(item, "grammar.heard"));
  });
  return way;
}

std::vector<float> to_row(const Napi::Value& value) {
  if (value.IsUndefined()) return {};
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
    throw mismatch(value.Env(), "row", "a Float32Array");
  const auto row = value.As<Napi::Float32Array>();
  if (row.ElementLength() == 0) throw mismatch(value.Env(), "row", "a logit for each token");
  return {row.Data(), row.Data() + row.ElementLength()};
}

Surprisals to_surprisals(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "surprisals");
  return {static_cast<uint64_t>(std::max<int64_t>(0, to_integer(object.Get("count"), "surprisals.count"))),
          to_number(object.Get("model"), "surprisals.model"), to_number(object.Get("sampling"), "surprisals.sampling")};
}

Napi::Object from_sampling(Napi::Env env, const SamplingParams& params) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("temperature", params.temperature);
  object.Set("topK", params.top_k);
  object.Set("topP", params.top_p);
  object.Set("minP", params.min_p);
  object.Set("seed", params.seed);
  object.Set("repeatPenalty", params.repeat_penalty);
  object.Set("frequencyPenalty", params.frequency_penalty);
  object.Set("presencePenalty", params.presence_penalty);
  object.Set("penaltyLastN", params.penalty_last_n);
  object.Set("dryMultiplier", params.dry_multiplier);
  object.Set("dryBase", params.dry_base);
  object.Set("dryAllowedLength", params.dry_allowed_length);
  object.Set("dryLastN", params.dry_last_n);
  object.Set("dryBreakers", from_numbers(env, params.dry_breakers));
  object.Set("topNSigma", params.top_n_sigma);
  object.Set("typicalP", params.typical_p);
  object.Set("xtcProbability", params.xtc_probability);
  object.Set("xtcThreshold", params.xtc_threshold);
  object.Set("mirostat", params.mirostat);
  object.Set("mirostatTau", params.mirostat_tau);
  object.Set("mirostatEta", params.mirostat_eta);
  object.Set("dynatempRange", params.dynatemp_range);
  object.Set("dynatempExponent", params.dynatemp_exponent);
  return object;
}

} // namespace

Napi::Object from_image(Napi::Env env, const SavedState& state, llama_pos from) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("position", state.position);
  object.Set("from", from);
  if (!state.row.empty()) {
    Napi::Float32Array row = Napi::Float32Array::New(env, state.row.size());
    std::copy(state.row.begin(), state.row.end(), row.Data());
    object.Set("row", row);
  }
  object.Set("sampling", from_sampling(env, state.sampling));
  object.Set("logitBias", from_biases(env, state.bias));
  object.Set("steer", from_biases(env, state.steer));
  object.Set("window", from_numbers(env, state.window));
  object.Set("mu", state.mu);
  object.Set("commits", static_cast<double>(state.commits));
  object.Set("draws", state.draws);
  object.Set("pendingBytes", from_bytes(env, state.utf8));
  Napi::Object surprisals = Napi::Object::New(env);
  surprisals.Set("count", static_cast<double>(state.surprisals.count));
  surprisals.Set("model", state.surprisals.model);
  surprisals.Set("sampling", state.surprisals.sampling);
  object.Set("surprisals", surprisals);
  if (state.grammar) object.Set("grammar", from_grammar(env, *state.grammar));
  return object;
}

Napi::Uint8Array cells_of(const Napi::Object& image) {
  const Napi::Value value = image.Get("cells");
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw mismatch(value.Env(), "cells", "a Uint8Array");
  return value.As<Napi::Uint8Array>();
}

SequenceImage to_image(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "image");
  SequenceImage image;
  SavedState& state = image.state;
  state.position = to_position(object.Get("position"), "position");
  image.cells = {to_position(object.Get("from"), "from"), state.position, {}};
  state.row = to_row(object.Get("row"));
  state.sampling = to_sampling(object.Get("sampling"));
  state.bias = to_biases(object.Get("logitBias"));
  state.steer = to_biases(object.Get("steer"));
  state.window = to_tokens(object.Get("window"), "window");
  state.mu = to_number(object.Get("mu"), "mu");
  state.commits = static_cast<uint64_t>(std::max<int64_t>(0, to_integer(object.Get("commits"), "commits")));
  state.draws = static_cast<uint32_t>(std::max<int64_t>(0, to_integer(object.Get("draws"), "draws")));
  state.utf8 = to_bytes(object.Get("pendingBytes"), "pendingBytes");
  state.surprisals = to_surprisals(object.Get("surprisals"));
  if (const Napi::Value grammar = object.Get("grammar"); !grammar.IsUndefined()) state.grammar = to_grammar(grammar);
  return image;
}

} // namespace lloyal
