#pragma once

#include <napi.h>

#include <deque>
#include <limits>
#include <memory>
#include <optional>

#include "branch_table.h"
#include "context.h"
#include "convert_image.h"
#include "owner_thread.h"

namespace lloyal {

// NativeContext of binding/native.ts. The table is used on the JavaScript thread only, the context on the owner
// thread only; a flight carries plain values between them, one at a time.
class ContextWrap : public Napi::ObjectWrap<ContextWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Promise create(Napi::Env env, std::shared_ptr<Model> model, const Napi::Object& options);
  explicit ContextWrap(const Napi::CallbackInfo& info);

 private:
  // A call that waits for its turn.
  struct Request {
    enum class Kind { fly, count, save, restore, compact, dispose } kind;
    Napi::Promise::Deferred deferred;
    FlightKind flight_kind = FlightKind::prefill;
    std::vector<FlightRequest> entries = {};
    int ticks = 1;
    size_t max_tokens = std::numeric_limits<size_t>::max();
    Napi::FunctionReference until = {}, draft = {};
    std::optional<Napi::Error> thrown = {}; // by one of the two
    SequenceHandle sequence = 0;            // to save, or to share a beginning with
    std::shared_ptr<SequenceImage> image = {};
    Napi::Reference<Napi::Uint8Array> cells = {}; // of the image, in JavaScript's memory
    size_t cell_bytes = 0, carried = 0;           // from one memory to the other
  };

  Napi::Value limits(const Napi::CallbackInfo& info);
  Napi::Value decode_ms(const Napi::CallbackInfo& info);
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value fork(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value set_grammar(const Napi::CallbackInfo& info);
  Napi::Value set_sampling(const Napi::CallbackInfo& info);
  Napi::Value set_lazy_grammar(const Napi::CallbackInfo& info);
  Napi::Value set_logit_bias(const Napi::CallbackInfo& info);
  Napi::Value set_steer(const Napi::CallbackInfo& info);
  Napi::Value reseed(const Napi::CallbackInfo& info);
  Napi::Value accept(const Napi::CallbackInfo& info);
  Napi::Value produce(const Napi::CallbackInfo& info);
  Napi::Value sample(const Napi::CallbackInfo& info);
  Napi::Value entropy(const Napi::CallbackInfo& info);
  Napi::Value surprisal(const Napi::CallbackInfo& info);
  Napi::Value metrics(const Napi::CallbackInfo& info);
  Napi::Value row(const Napi::CallbackInfo& info);
  Napi::Value prefill(const Napi::CallbackInfo& info);
  Napi::Value commit(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value count_cells(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  Napi::Value compact(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value fail_decodes(const Napi::CallbackInfo& info);

  BranchTable& living(Napi::Env env, const char* doing);
  Napi::Value enqueue(Request request);
  Napi::Value enqueue_flight(const Napi::CallbackInfo& info, FlightKind kind, Request request);
  void dispatch();
  void finish();

  void start_flight();
  void fly_leg();
  void land_leg(Napi::Env env);
  // Calls what the caller gave; whatever that throws ends the flight.
  bool ask(Napi::Env env, void (ContextWrap::*question)(Napi::Env));
  void ask_draft(Napi::Env env);
  void ask_until(Napi::Env env);
  bool asks_between_ticks() const { return !current_->until.IsEmpty() || !current_->draft.IsEmpty(); }
  void land_flight(Napi::Env env);
  void start_count();
  void start_save();
  void carry_out(Napi::Env env);
  void start_restore();
  void carry_in(Napi::Env env);
  void revive_image(Napi::Env env);
  void after_a_turn(Napi::Env env, void (ContextWrap::*step)(Napi::Env));
  void start_compact();
  void refuse(Napi::Env env, const Status& status);
  void start_dispose();

  std::unique_ptr<Context> context_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<BranchTable> table_;
  bool disposed_ = false;

  std::deque<Request> waiting_;
  std::optional<Request> current_;
  std::shared_ptr<Flight> flight_;
  int ticks_left_ = 0;

  std::unique_ptr<OwnerThread> owner_; // last, so that it stops before what it works on goes
};

} // namespace lloyal
