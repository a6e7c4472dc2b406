#pragma once

#include <napi.h>

#include <unordered_set>

namespace lloyal {

class OwnerThread;

// What belongs to one JavaScript environment. The file is loaded once per process and initialised once per worker,
// so nothing of this may be static.
class Addon {
 public:
  static Addon& of(Napi::Env env);
  Addon(Napi::Env env, Napi::Object exports);

  void add(OwnerThread* thread) { threads_.insert(thread); }
  void remove(OwnerThread* thread) { threads_.erase(thread); }

  Napi::FunctionReference model_class;
  Napi::FunctionReference context_class;
  Napi::FunctionReference set_immediate; // as it was at the start: tests put clocks of their own in its place

 private:
  void stop_threads_on_exit(Napi::Env env);
  void stop_threads();

  std::unordered_set<OwnerThread*> threads_;
};

} // namespace lloyal
