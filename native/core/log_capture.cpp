#include "log_capture.h"

#include <mutex>

#include "attention_backend.h"
#include "backends.h"
#include "llama.h"

namespace lloyal {
namespace {

constexpr size_t kept_bytes = 4096;

// Per thread, so that two contexts never explain each other's failures and no lock is taken while decoding.
thread_local std::string* sink = nullptr;

void on_log(ggml_log_level level, const char* text, void*) {
  if (!sink || level == GGML_LOG_LEVEL_DEBUG || level == GGML_LOG_LEVEL_INFO || level == GGML_LOG_LEVEL_CONT) return;
  sink->append(text);
  if (sink->size() > kept_bytes) sink->erase(0, sink->size() - kept_bytes);
}

std::string& startup_log() {
  static std::string text;
  return text;
}

} // namespace

void init_backend() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(on_log, nullptr);
    {
      const LogCapture log;
      load_backends();
      register_attention_backend();
      startup_log() = log.text();
    }
    // Without a backend it would search for some in the current folder, and nothing could be computed anyway.
    if (ggml_backend_reg_count() > 0) llama_backend_init();
  });
}

std::string backend_log() {
  return startup_log();
}

LogCapture::LogCapture() : outer_(sink) {
  sink = &lines_;
}
LogCapture::~LogCapture() {
  sink = outer_;
}

std::string LogCapture::text() const {
  const size_t end = lines_.find_last_not_of("\n ");
  return end == std::string::npos ? "" : lines_.substr(0, end + 1);
}

} // namespace lloyal
