#pragma once

#include <string>

namespace lloyal {

// Silences llama.cpp for the whole process and starts its backends. Call before anything else; repeats are free.
void init_backend();

// Why a backend's library was left out by init_backend(), in the words of the system's loader; empty for nothing.
std::string backend_log();

// Collects the warnings and errors that llama.cpp logs on this thread while the object lives. They are the only
// reason that its bool and null results ever give.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::string text() const;

 private:
  std::string* outer_;
  std::string lines_;
};

} // namespace lloyal
