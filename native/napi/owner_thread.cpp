#include "owner_thread.h"

#ifdef __linux__
#include <sys/resource.h>
#endif

#include <memory>

#include "addon.h"

namespace lloyal {
namespace {

// Compute threads take all cores, and spin. So that JavaScript need not wait for one of them to be put off, this thread
// and those that it starts come after it. On Linux each thread has a nice value; one that cannot be had changes nothing.
void let_others_first() {
#ifdef __linux__
  constexpr int nice = 5;
  setpriority(PRIO_PROCESS, 0, nice); // 0: the calling thread
#endif
}

} // namespace

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
  let_others_first();
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
