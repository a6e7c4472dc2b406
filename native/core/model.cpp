#include "model.h"

#include <cstring>
#include <fstream>

#include "log_capture.h"

namespace lloyal {
namespace {

// Checked here because llama.cpp tells neither a missing file nor a foreign one from a damaged model.
Status check_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {Code::model_not_found, "no readable file at " + path};
  char magic[4] = {};
  file.read(magic, sizeof magic);
  if (file.gcount() != sizeof magic || std::memcmp(magic, "GGUF", sizeof magic) != 0)
    return {Code::model_invalid, path + " is not a GGUF file"};
  return {};
}

struct Progress {
  LoadProgress report;
  bool cancelled = false;
};

bool on_progress(float fraction, void* data) {
  auto& progress = *static_cast<Progress*>(data);
  if (!progress.report || progress.report(fraction)) return true;
  progress.cancelled = true;
  return false;
}

} // namespace

Model::Model(LlamaModelPtr model) : model_(std::move(model)), vocab_(llama_model_get_vocab(model_.get())) {}

Result<std::shared_ptr<Model>> Model::load(const std::string& path, bool vocab_only, LoadProgress report) {
  init_backend();
  if (Status status = check_file(path); !status.ok()) return status;

  Progress progress{std::move(report)};
  llama_model_params params = llama_model_default_params();
  params.vocab_only = vocab_only;
  params.progress_callback = on_progress;
  params.progress_callback_user_data = &progress;

  const LogCapture log;
  LlamaModelPtr model(llama_model_load_from_file(path.c_str(), params));
  if (progress.cancelled) return Status{Code::cancelled, "loading " + path + " was cancelled"};
  if (!model) return Status{Code::model_invalid, path + " could not be loaded", {}, log.text()};
  return std::make_shared<Model>(std::move(model));
}

std::string Model::chat_template() const {
  const char* text = llama_model_chat_template(model_.get(), nullptr);
  return text ? text : "";
}

} // namespace lloyal
