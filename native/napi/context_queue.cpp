// The asynchronous half of ContextWrap: calls wait their turn, fly one at a time, and land.
#include <algorithm>

#include "cell_count.h"
#include "context_wrap.h"
#include "convert.h"

namespace lloyal {
namespace {

// From an array of numbers: most tokens of each entry in one batch, 0 for no limit of its own.
void take_limits(const Napi::Value& value, std::vector<FlightRequest>& entries) {
  const Napi::Env env = value.Env();
  if (!value.IsArray() || value.As<Napi::Array>().Length() != entries.size())
    throw to_error(env, {Code::invalid_argument, "nBatch must be an array of the entries' length"});
  for (uint32_t i = 0; i < entries.size(); ++i) {
    const int64_t limit = to_integer(value.As<Napi::Array>().Get(i), "nBatch");
    if (limit < 0) throw to_error(env, {Code::invalid_argument, "nBatch must be at least 1"});
    if (limit > 0) entries[i].n_batch = static_cast<size_t>(limit);
  }
}

Napi::Array from_tokens(Napi::Env env, const std::vector<llama_token>& tokens) {
  Napi::Array array = Napi::Array::New(env, tokens.size());
  for (uint32_t i = 0; i < tokens.size(); ++i) array.Set(i, tokens[i]);
  return array;
}

// In UTF-16, as JavaScript counts: a code point of four bytes is two units there.
size_t js_length(std::string_view utf8) {
  size_t length = 0;
  for (const char byte : utf8) length += ((byte & 0xC0) != 0x80) + ((byte & 0xF8) == 0xF0);
  return length;
}

// NativeRun of binding/native.ts: one string, since every object that is made here costs microseconds.
Napi::String from_run(Napi::Env env, const std::vector<FlightEntry>& entries) {
  std::string numbers, texts;
  for (const FlightEntry& entry : entries) {
    numbers += std::to_string(entry.produced.size());
    for (const Produced& one : entry.produced) {
      numbers += ' ' + std::to_string(one.token) + (one.is_stop ? " 1 " : " 0 ") + std::to_string(js_length(one.text));
      texts += one.text;
    }
    numbers += ' ';
  }
  return Napi::String::New(env, numbers + '\n' + texts);
}

Napi::FunctionReference to_callback(const Napi::Value& value, const char* name) {
  if (value.IsFunction()) return Napi::Persistent(value.As<Napi::Function>());
  if (!value.IsUndefined())
    throw to_error(value.Env(), {Code::invalid_argument, std::string(name) + " must be a function"});
  return {};
}

} // namespace

Napi::Value ContextWrap::prefill(const Napi::CallbackInfo& info) {
  return enqueue_flight(info, FlightKind::prefill, {Request::Kind::fly, Napi::Promise::Deferred::New(info.Env())});
}

Napi::Value ContextWrap::commit(const Napi::CallbackInfo& info) {
  return enqueue_flight(info, FlightKind::commit, {Request::Kind::fly, Napi::Promise::Deferred::New(info.Env())});
}

Napi::Value ContextWrap::run(const Napi::CallbackInfo& info) {
  Request request{Request::Kind::fly, Napi::Promise::Deferred::New(info.Env())};
  request.ticks = static_cast<int>(std::clamp<int64_t>(to_integer(info[2], "maxTicks"), 1, 1 << 30));
  request.max_tokens = static_cast<size_t>(std::clamp<int64_t>(to_integer(info[3], "maxTokens"), 1, 1 << 30));
  request.until = to_callback(info[4], "until");
  request.draft = to_callback(info[5], "draft");
  return enqueue_flight(info, FlightKind::run, std::move(request));
}

Napi::Value ContextWrap::enqueue_flight(const Napi::CallbackInfo& info, FlightKind kind, Request request) {
  const Napi::Env env = info.Env();
  BranchTable& table = living(env, name_of(kind));
  request.flight_kind = kind;
  if (kind == FlightKind::prefill) {
    request.entries = to_requests(info[0], info[1]);
    take_limits(info[2], request.entries);
  } else {
    request.entries = to_rows(info[0], info[1]);
  }
  throw_if(env, table.check(request.entries, kind));
  return enqueue(std::move(request));
}

Napi::Value ContextWrap::count_cells(const Napi::CallbackInfo& info) {
  living(info.Env(), "countCells");
  return enqueue({Request::Kind::count, Napi::Promise::Deferred::New(info.Env())});
}

// What waits behind the batch in flight is refused; the batch itself is waited for.
Napi::Value ContextWrap::dispose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  living(env, "dispose");
  disposed_ = true;
  for (Request& request : waiting_)
    request.deferred.Reject(to_error(env, {Code::context_disposed, "a queued call"}).Value());
  waiting_.clear();
  return enqueue({Request::Kind::dispose, Napi::Promise::Deferred::New(env)});
}

Napi::Value ContextWrap::enqueue(Request request) {
  const Napi::Promise promise = request.deferred.Promise();
  waiting_.push_back(std::move(request));
  dispatch();
  return promise;
}

void ContextWrap::dispatch() {
  if (current_ || waiting_.empty()) return;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  // Work refers to this object by address: it must not be collected meanwhile.
  Ref();
  switch (current_->kind) {
  case Request::Kind::fly:
    return start_flight();
  case Request::Kind::count:
    return start_count();
  case Request::Kind::save:
    return start_save();
  case Request::Kind::restore:
    return start_restore();
  case Request::Kind::compact:
    return start_compact();
  case Request::Kind::dispose:
    return start_dispose();
  }
}

void ContextWrap::finish() {
  current_.reset();
  flight_.reset();
  Unref();
  dispatch();
}

void ContextWrap::start_flight() {
  flight_ = std::make_shared<Flight>(table_->take_off(current_->flight_kind, std::move(current_->entries)));
  flight_->max_tokens = current_->max_tokens;
  ticks_left_ = current_->ticks;
  context_->abort = false;
  fly_leg();
}

// A leg is all the ticks at once, or one at a time where JavaScript is asked in between.
void ContextWrap::fly_leg() {
  if (!current_->draft.IsEmpty() && !ask(current_->deferred.Env(), &ContextWrap::ask_draft)) return;
  const int ticks = asks_between_ticks() ? 1 : ticks_left_;
  ticks_left_ -= ticks;
  owner_->post([this, ticks, flight = flight_]() -> Landing {
    try {
      fly(*decoder_, *flight, ticks);
    } catch (const std::exception& error) {
      abandon(*decoder_, *flight, {Code::decode_failed, name_of(flight->kind), {{"status", -2}}, error.what()});
    }
    return [this](Napi::Env env) { land_leg(env); };
  });
}

void ContextWrap::land_leg(Napi::Env env) {
  if (flight_->status.ok()) {
    if (!current_->until.IsEmpty() && !ask(env, &ContextWrap::ask_until)) return;
    if (ticks_left_ > 0 && flight_->has_next_tick()) return fly_leg();
  }
  land_flight(env);
}

bool ContextWrap::ask(Napi::Env env, void (ContextWrap::*question)(Napi::Env)) {
  const Napi::HandleScope scope(env);
  try {
    (this->*question)(env);
    return true;
  } catch (const Napi::Error& error) {
    // All or nothing holds for a caller's exception too: the ticks so far are undone. The exception stays here: the
    // work dies on the owner thread, where no JavaScript value may be let go of.
    current_->thrown = error;
    owner_->post([this, flight = flight_]() -> Landing {
      abandon(*decoder_, *flight, {Code::cancelled, "a callback threw"});
      return [this](Napi::Env) {
        table_->land(*flight_);
        // Not before: whoever hears of it may use its branches.
        current_->deferred.Reject(current_->thrown->Value());
        finish();
      };
    });
    return false;
  }
}

// Tells of those that write in the next tick, as DraftAsk of sdk has it; takes a list of guesses for each.
void ContextWrap::ask_draft(Napi::Env env) {
  std::vector<FlightEntry*> writing;
  Napi::Array asks = Napi::Array::New(env);
  for (size_t i = 0; i < flight_->entries.size(); ++i) {
    FlightEntry& entry = flight_->entries[i];
    if (entry.done || flight_->deaths->dead[i]) continue;
    Napi::Array produced = Napi::Array::New(env, entry.produced.size());
    for (uint32_t j = 0; j < entry.produced.size(); ++j) produced.Set(j, entry.produced[j].token);
    Napi::Object ask = Napi::Object::New(env);
    ask.Set("entry", static_cast<double>(i));
    ask.Set("produced", produced);
    ask.Set("forced", from_tokens(env, forced_behind(table_->vocab(), entry.state, entry.next_token())));
    asks.Set(asks.Length(), ask);
    writing.push_back(&entry);
  }
  if (writing.empty()) return;
  size_t answered = 0;
  for_items(current_->draft.Call({asks}), "draft", [&](const Napi::Value& guesses) {
    if (answered == writing.size()) throw to_error(env, {Code::invalid_argument, "draft gives a list for each entry"});
    FlightEntry& entry = *writing[answered++];
    for_items(guesses, "draft", [&](const Napi::Value& guess) { entry.draft.push_back(to_token(guess, "draft")); });
  });
  if (answered < writing.size()) throw to_error(env, {Code::invalid_argument, "draft gives a list for each entry"});
}

// Token by token, as if each had been produced by a tick of its own; not where the run ends in any case.
void ContextWrap::ask_until(Napi::Env env) {
  for (size_t i = 0; i < flight_->entries.size(); ++i) {
    FlightEntry& entry = flight_->entries[i];
    const size_t fresh = entry.fresh, before = entry.produced.size() - fresh;
    std::string text;
    for (size_t j = 0; j < before; ++j) text += entry.produced[j].text;
    for (size_t count = 1; count <= fresh; ++count) {
      const bool is_last = count == fresh && (entry.done || ticks_left_ == 0);
      if (is_last) break;
      text += entry.produced[before + count - 1].text;
      const Napi::Value holds =
          current_->until.Call({Napi::Number::New(env, static_cast<double>(i)), Napi::String::New(env, text)});
      if (!holds.ToBoolean()) continue;
      entry.keep(count);
      entry.done = true;
      break;
    }
    // Asked about once.
    entry.fresh = 0;
  }
}

void ContextWrap::land_flight(Napi::Env env) {
  table_->land(*flight_);
  if (!flight_->status.ok()) {
    current_->deferred.Reject(to_error(env, flight_->status).Value());
  } else if (flight_->kind != FlightKind::run) {
    current_->deferred.Resolve(env.Undefined());
  } else {
    current_->deferred.Resolve(from_run(env, flight_->entries));
  }
  finish();
}

void ContextWrap::start_count() {
  owner_->post([this, ops = table_->take_queued()]() -> Landing {
    decoder_->begin(ops);
    const int64_t cells = lloyal::count_cells(*context_);
    return [this, cells](Napi::Env env) {
      if (cells >= 0)
        current_->deferred.Resolve(Napi::Number::New(env, static_cast<double>(cells)));
      else
        current_->deferred.Reject(to_error(env, {Code::decode_failed, "countCells", {{"status", -1}}}).Value());
      finish();
    };
  });
}

void ContextWrap::start_dispose() {
  owner_->post([this]() -> Landing {
    return [this](Napi::Env env) {
      owner_->shut_down();
      table_.reset();
      decoder_.reset();
      context_.reset();
      current_->deferred.Resolve(env.Undefined());
      finish();
    };
  });
}

} // namespace lloyal
