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

} // namespace

Napi::Value ContextWrap::prefill(const Napi::CallbackInfo& info) {
  return enqueue_flight(info, FlightKind::prefill, 1, {});
}

Napi::Value ContextWrap::commit(const Napi::CallbackInfo& info) {
  return enqueue_flight(info, FlightKind::commit, 1, {});
}

Napi::Value ContextWrap::run(const Napi::CallbackInfo& info) {
  const auto ticks = static_cast<int>(std::clamp<int64_t>(to_integer(info[2], "maxTicks"), 1, 1 << 30));
  Napi::FunctionReference until;
  if (info[3].IsFunction())
    until = Napi::Persistent(info[3].As<Napi::Function>());
  else if (!info[3].IsUndefined())
    throw to_error(info.Env(), {Code::invalid_argument, "until must be a function"});
  return enqueue_flight(info, FlightKind::run, ticks, std::move(until));
}

Napi::Value ContextWrap::enqueue_flight(const Napi::CallbackInfo& info, FlightKind kind, int ticks,
                                        Napi::FunctionReference until) {
  const Napi::Env env = info.Env();
  BranchTable& table = living(env, name_of(kind));
  std::vector<FlightRequest> entries = to_requests(info[0], info[1]);
  if (kind == FlightKind::prefill) take_limits(info[2], entries);
  throw_if(env, table.check(entries, kind));
  return enqueue(
      {Request::Kind::fly, Napi::Promise::Deferred::New(env), kind, std::move(entries), ticks, std::move(until)});
}

Napi::Value ContextWrap::count_cells(const Napi::CallbackInfo& info) {
  living(info.Env(), "countCells");
  return enqueue({Request::Kind::count, Napi::Promise::Deferred::New(info.Env()), {}, {}, 0, {}});
}

// What waits behind the batch in flight is refused; the batch itself is waited for.
Napi::Value ContextWrap::dispose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  living(env, "dispose");
  disposed_ = true;
  for (Request& request : waiting_)
    request.deferred.Reject(to_error(env, {Code::context_disposed, "a queued call"}).Value());
  waiting_.clear();
  return enqueue({Request::Kind::dispose, Napi::Promise::Deferred::New(env), {}, {}, 0, {}});
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
  ticks_left_ = current_->ticks;
  context_->abort = false;
  fly_leg();
}

// A leg is all the ticks at once, or one at a time where JavaScript is asked in between.
void ContextWrap::fly_leg() {
  const int ticks = current_->until.IsEmpty() ? ticks_left_ : 1;
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
  if (flight_->status.ok() && ticks_left_ > 0 && !current_->until.IsEmpty()) {
    try {
      ask_until(env);
    } catch (const Napi::Error& error) {
      // All or nothing holds for a caller's exception too: the ticks so far are undone.
      auto reason = std::make_shared<Napi::Error>(error);
      owner_->post([this, reason, flight = flight_]() -> Landing {
        abandon(*decoder_, *flight, {Code::cancelled, "until threw"});
        return [this, reason](Napi::Env) {
          table_->land(*flight_);
          // Not before: whoever hears of it may use its branches.
          current_->deferred.Reject(reason->Value());
          finish();
        };
      });
      return;
    }
    if (flight_->has_next_tick()) return fly_leg();
  }
  land_flight(env);
}

void ContextWrap::ask_until(Napi::Env env) {
  for (size_t i = 0; i < flight_->entries.size(); ++i) {
    FlightEntry& entry = flight_->entries[i];
    if (entry.done) continue;
    std::string text;
    for (const Produced& produced : entry.produced) text += produced.text;
    const Napi::Value holds =
        current_->until.Call({Napi::Number::New(env, static_cast<double>(i)), Napi::String::New(env, text)});
    entry.done = holds.ToBoolean();
  }
}

void ContextWrap::land_flight(Napi::Env env) {
  table_->land(*flight_);
  if (!flight_->status.ok()) {
    current_->deferred.Reject(to_error(env, flight_->status).Value());
  } else if (flight_->kind != FlightKind::run) {
    current_->deferred.Resolve(env.Undefined());
  } else {
    Napi::Array results = Napi::Array::New(env, flight_->entries.size());
    for (uint32_t i = 0; i < flight_->entries.size(); ++i) {
      Napi::Array produced = Napi::Array::New(env);
      for (const Produced& one : flight_->entries[i].produced) produced.Set(produced.Length(), from_produced(env, one));
      results.Set(i, produced);
    }
    current_->deferred.Resolve(results);
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
