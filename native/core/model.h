#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "devices.h"
#include "llama.h"
#include "status.h"
#include "vocab.h"

namespace lloyal {

struct LlamaModelDelete {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
using LlamaModelPtr = std::unique_ptr<llama_model, LlamaModelDelete>;

struct LoadParams {
  std::string path;
  bool vocab_only = false;            // no weights are read, and no context can be made
  std::vector<std::string> gpus = {}; // by name; none: all is computed on the CPU
  int32_t gpu_layers = 0;             // layers that these hold; more than there are means all
  bool mmap = true;                   // maps the file where the devices can read from a map
  bool mlock = false;                 // pins the weights, so that they are never swapped out
};

// A LoRA adapter and how strongly it acts; 1 is as it was trained.
struct LoraParams {
  std::string path;
  float scale = 1;
};

// Gets the share that is loaded, in [0, 1]; false gives the load up. Called on the loading thread.
using LoadProgress = std::function<bool(float)>;

// Weights and vocabulary, shared by the contexts over them and read by many threads.
class Model {
 public:
  // MODEL_NOT_FOUND, MODEL_INVALID, CANCELLED or BACKEND_UNAVAILABLE.
  static Result<std::shared_ptr<Model>> load(const LoadParams& params, LoadProgress progress);

  explicit Model(LlamaModelPtr model, std::vector<Device> devices = {});

  llama_model* get() const { return model_.get(); }
  const Vocab& vocab() const { return vocab_; }
  std::string chat_template() const; // empty where the file has none
  // The GPUs that hold layers of it, or the CPU where none does.
  const std::vector<Device>& devices() const { return devices_; }
  // Keeps a state per sequence, in place of cells or beside them: it has no past to go back to.
  bool has_state() const;
  // Keeps a cell per token. (With a state beside it: a hybrid.)
  bool has_cells() const;
  // Tokens that its narrow layers look back; 0: all layers see everything.
  int32_t swa_window() const { return llama_model_n_swa(model_.get()); }
  // Reads an adapter, which then lives as long as the model. MODEL_NOT_FOUND or MODEL_INVALID.
  Result<llama_adapter_lora*> load_lora(const std::string& path) const;

 private:
  LlamaModelPtr model_;
  Vocab vocab_;
  std::vector<Device> devices_;
};

} // namespace lloyal
