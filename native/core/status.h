#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lloyal {

// The operating conditions of sdk's errors.ts; napi turns each into its name.
enum class Code {
  ok,
  invalid_argument,
  branch_disposed,
  branch_in_flight,
  sequences_exhausted,
  kv_exhausted,
  no_logits,
  decode_failed,
  grammar_invalid,
  grammar_rejected,
  model_not_found,
  model_invalid,
  context_disposed,
  cancelled,
  backend_unavailable,
  state_invalid,
};

using Facts = std::vector<std::pair<std::string, int64_t>>;

// What went wrong, with the numbers that explain it. The core reports; it lets no exception out.
struct Status {
  Code code = Code::ok;
  std::string message = {};
  Facts facts = {};
  std::string log = {}; // what llama.cpp said meanwhile, if anything

  bool ok() const { return code == Code::ok; }
};

// A value, or why there is none.
template <typename T> class Result {
 public:
  Result(T value) : held_(std::move(value)) {}
  Result(Status status) : held_(std::move(status)) {}

  bool ok() const { return std::holds_alternative<T>(held_); }
  T& value() { return std::get<T>(held_); }
  const Status& status() const { return std::get<Status>(held_); }

 private:
  std::variant<T, Status> held_;
};

} // namespace lloyal
