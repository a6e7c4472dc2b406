#pragma once

#include <napi.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace lloyal {

// What a piece of work leaves to be done on the JavaScript thread.
using Landing = std::function<void(Napi::Env)>;
// Runs on the owner thread and touches no JavaScript value.
using Work = std::function<Landing()>;

// One thread that owns one llama.cpp object, fed through a queue. All methods but `tell` are the JavaScript
// thread's.
//
//   JavaScript ──post(work)──▶ queue ──▶ owner thread ──landing──▶ JavaScript
//
// Work in progress keeps the process alive; an idle thread does not.
class OwnerThread {
 public:
  // `interrupt` makes the work in progress end soon. It may be called from the JavaScript thread at any time.
  OwnerThread(Napi::Env env, std::function<void()> interrupt);
  ~OwnerThread();
  OwnerThread(const OwnerThread&) = delete;
  OwnerThread& operator=(const OwnerThread&) = delete;

  void post(Work work);
  // From inside work: runs `landing` on the JavaScript thread without ending the work.
  void tell(Landing landing);
  // Interrupts, drops what is queued, joins. Landings that have not run never will. Idempotent.
  void shut_down();
  bool stopped() const { return stopped_; }

 private:
  static void call_js(Napi::Env env, Napi::Function, OwnerThread*, Landing* landing);
  using Channel = Napi::TypedThreadSafeFunction<OwnerThread, Landing, call_js>;

  static void on_env_teardown(void* self);
  void loop();
  void arrive(Napi::Env env, const Landing& landing);

  napi_env env_;
  std::function<void()> interrupt_;
  Channel channel_;
  bool stopped_ = false;
  size_t pending_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::thread thread_; // last: it starts when everything else stands
};

} // namespace lloyal
