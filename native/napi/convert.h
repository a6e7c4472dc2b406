#pragma once

#include <napi.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "branch_table.h"

namespace lloyal {

// A JavaScript Error with `code`, `doing`, `facts` and `log`, which binding/map-error.ts turns into sdk's classes.
Napi::Error to_error(Napi::Env env, const Status& status);
void throw_if(Napi::Env env, const Status& status);
template <typename T> T value_or_throw(Napi::Env env, Result<T> result) {
  if (!result.ok()) throw to_error(env, result.status());
  return std::move(result.value());
}

// Hands every item of an array to `take`. INVALID_ARGUMENT for anything else.
void for_items(const Napi::Value& value, const char* name, const std::function<void(const Napi::Value&)>& take);

// Each throws INVALID_ARGUMENT, with the argument's name, for a value of another kind.
int64_t to_integer(const Napi::Value& value, const char* name);
double to_number(const Napi::Value& value, const char* name);
std::string to_text(const Napi::Value& value, const char* name);
Napi::Object to_object(const Napi::Value& value, const char* name);
std::optional<std::string> to_optional_text(const Napi::Value& value, const char* name);
llama_token to_token(const Napi::Value& value, const char* name);
SamplingParams to_sampling(const Napi::Value& value);
// From an array of { token, bias }.
std::vector<TokenBias> to_biases(const Napi::Value& value);
// From an array of GrammarTrigger, as sdk has it.
std::vector<Trigger> to_triggers(const Napi::Value& value);
// From arrays [handles: number[], tokens: Int32Array[]] of equal length.
std::vector<FlightRequest> to_requests(const Napi::Value& handles, const Napi::Value& tokens);
// From arrays [handles: number[], tokens: number[]] of equal length: one token each.
std::vector<FlightRequest> to_rows(const Napi::Value& handles, const Napi::Value& tokens);

Napi::Object from_produced(Napi::Env env, const Produced& produced);

} // namespace lloyal
