#include "owner_thread.h"

#include <memory>

#include "addon.h"

namespace lloyal {

OwnerThread::OwnerThread(Napi::Env env, std::function<void()> interrupt)
    : env_(env), interrupt_(std::move(interrupt)), channel_(Channel::New(env, "lloyal", 0, 1, this)) {
  channel_.Unref(env);
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (...) {
    channel_.Abort();
    throw;
  }
  // Registered after the channel, so it runs before the channel's own teardown: no landing meets a closed channel.
  napi_add_env_cleanup_hook(env_, on_env_teardown, this);
  Addon::of(env).add(this);
}

OwnerThread::~OwnerThread() {
  shut_down();
}

void OwnerThread::post(Work work) {
  if (stopped_) return;
  if (pending_++ == 0) channel_.Ref(env_);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void OwnerThread::tell(Landing landing) {
  auto* message = new Landing(std::move(landing));
  if (channel_.NonBlockingCall(message) != napi_ok) delete message;
}

void OwnerThread::loop() {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    tell([this, landing = work()](Napi::Env env) { arrive(env, landing); });
  }
}

void OwnerThread::arrive(Napi::Env env, const Landing& landing) {
  // Before the landing, which may destroy this object.
  if (--pending_ == 0) channel_.Unref(env);
  landing(env);
}

void OwnerThread::call_js(Napi::Env env, Napi::Function, OwnerThread*, Landing* landing) {
  const std::unique_ptr<Landing> owned(landing);
  // Without an env the channel is only being emptied.
  if (env != nullptr) (*owned)(env);
}

void OwnerThread::shut_down() {
  if (stopped_) return;
  stopped_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  interrupt_();
  wake_.notify_one();
  thread_.join();
  napi_remove_env_cleanup_hook(env_, on_env_teardown, this);
  Addon::of(env_).remove(this);
  channel_.Abort();
}

void OwnerThread::on_env_teardown(void* self) {
  static_cast<OwnerThread*>(self)->shut_down();
}

} // namespace lloyal
