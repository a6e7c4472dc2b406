#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

namespace lloyal {

// How a decode fails that would have worked.
enum class Fault {
  no_space,   // llama.cpp is not asked: it would have found no cells, and have touched nothing
  compute,    // the batch is written in full, which is the most to take back, and then reported as llama.cpp's -3
  not_finite, // the batch is written, and its logits are unusable
};

// For tests of what failures leave behind; in use nothing ever asks for one. Compiled in always, so that what is tested
// is what is shipped. Asked for on the JavaScript thread, met on the owner's.
class FaultPlan {
 public:
  // The decode after `spared` others fails, and with `lasting` every one from then on. In place of what was asked
  // before.
  void ask(Fault fault, int64_t spared, bool lasting) {
    const std::lock_guard lock(mutex_);
    fault_ = fault, spared_ = spared, lasting_ = lasting;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
  }

  // What the next decode has to meet.
  std::optional<Fault> next() {
    const std::lock_guard lock(mutex_);
    if (!fault_ || spared_-- > 0) return {};
    const std::optional<Fault> fault = fault_;
    if (!lasting_) fault_.reset();
    return fault;
  }

 private:
  std::mutex mutex_;
  std::optional<Fault> fault_;
  int64_t spared_ = 0;
  bool lasting_ = false;
};

} // namespace lloyal
