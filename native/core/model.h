#pragma once

#include <functional>
#include <memory>
#include <string>

#include "llama.h"
#include "status.h"
#include "vocab.h"

namespace lloyal {

struct LlamaModelDelete {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
using LlamaModelPtr = std::unique_ptr<llama_model, LlamaModelDelete>;

// Gets the share that is loaded, in [0, 1]; false gives the load up. Called on the loading thread.
using LoadProgress = std::function<bool(float)>;

// Weights and vocabulary, shared by the contexts over them and read by many threads.
class Model {
 public:
  // MODEL_NOT_FOUND, MODEL_INVALID or CANCELLED. With vocab_only no weights are read and no context can be made.
  static Result<std::shared_ptr<Model>> load(const std::string& path, bool vocab_only, LoadProgress progress);

  explicit Model(LlamaModelPtr model);

  llama_model* get() const { return model_.get(); }
  const Vocab& vocab() const { return vocab_; }
  std::string chat_template() const; // empty where the file has none

 private:
  LlamaModelPtr model_;
  Vocab vocab_;
};

} // namespace lloyal
