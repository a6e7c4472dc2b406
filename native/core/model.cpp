#include "model.h"

#include <cstring>
#include <fstream>

#include "devices.h"
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

llama_load_mode load_mode(const LoadParams& params) {
  if (params.mlock) return params.mmap ? LLAMA_LOAD_MODE_MMAP_MLOCK : LLAMA_LOAD_MODE_MLOCK;
  return params.mmap ? LLAMA_LOAD_MODE_AUTO : LLAMA_LOAD_MODE_NONE;
}

// llama.cpp only warns when the system does not pin the weights, and goes on without.
bool was_not_locked(const std::string& log) {
  return log.find("failed to mlock") != std::string::npos || log.find("mlock not supported") != std::string::npos;
}

std::vector<Device> describe_all(const std::vector<ggml_backend_dev_t>& gpus) {
  std::vector<Device> devices;
  for (ggml_backend_dev_t gpu : gpus) devices.push_back(describe(gpu));
  if (devices.empty()) devices.push_back(describe(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)));
  return devices;
}

} // namespace

Model::Model(LlamaModelPtr model, std::vector<Device> devices)
    : model_(std::move(model)), vocab_(llama_model_get_vocab(model_.get())), devices_(std::move(devices)) {}

Result<std::shared_ptr<Model>> Model::load(const LoadParams& params, LoadProgress report) {
  init_backend();
  const std::string& path = params.path;
  if (Status status = check_file(path); !status.ok()) return status;

  std::vector<ggml_backend_dev_t> gpus;
  for (const std::string& name : params.gpus) {
    gpus.push_back(find_device(name));
    if (!gpus.back()) return Status{Code::backend_unavailable, "there is no device " + name};
  }
  std::vector<Device> devices = describe_all(gpus);
  gpus.push_back(nullptr); // as llama.cpp ends its lists

  Progress progress{std::move(report)};
  llama_model_params out = llama_model_default_params();
  out.devices = gpus.data();
  out.n_gpu_layers = params.gpu_layers;
  out.load_mode = load_mode(params);
  out.vocab_only = params.vocab_only;
  out.progress_callback = on_progress;
  out.progress_callback_user_data = &progress;

  const LogCapture log;
  LlamaModelPtr model(llama_model_load_from_file(path.c_str(), out));
  if (progress.cancelled) return Status{Code::cancelled, "loading " + path + " was cancelled"};
  if (!model) return Status{Code::model_invalid, path + " could not be loaded", {}, log.text()};
  if (params.mlock && was_not_locked(log.text()))
    return Status{Code::backend_unavailable, "the system does not let this process lock its memory", {}, log.text()};
  return std::make_shared<Model>(std::move(model), std::move(devices));
}

Result<llama_adapter_lora*> Model::load_lora(const std::string& path) const {
  if (Status status = check_file(path); !status.ok()) return status;
  const LogCapture log;
  llama_adapter_lora* adapter = llama_adapter_lora_init(model_.get(), path.c_str());
  if (!adapter) return Status{Code::model_invalid, path + " is no LoRA adapter of this model", {}, log.text()};
  return adapter;
}

bool Model::has_state() const {
  return llama_model_is_recurrent(model_.get()) || llama_model_is_hybrid(model_.get());
}

bool Model::has_cells() const {
  return !llama_model_is_recurrent(model_.get());
}

std::string Model::chat_template() const {
  const char* text = llama_model_chat_template(model_.get(), nullptr);
  return text ? text : "";
}

} // namespace lloyal
