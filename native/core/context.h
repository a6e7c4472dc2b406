#pragma once

#include <atomic>
#include <memory>

#include "model.h"

namespace lloyal {

struct ContextParams {
  uint32_t n_ctx = 4096; // cells; llama.cpp rounds up to a multiple of 256
  uint32_t n_batch = 512;
  uint32_t n_ubatch = 512;
  uint32_t n_seq_max = 16;
  int32_t n_threads = 1;
  ggml_type type_k = GGML_TYPE_F16;
  ggml_type type_v = GGML_TYPE_F16;
};

// What llama.cpp really allocated.
struct ContextLimits {
  uint32_t n_ctx, n_batch, n_ubatch, n_seq_max;
  int32_t n_vocab;
  int32_t n_threads;
};

// One KV cache with its compute threads. Everything but `abort` belongs to one thread at a time.
class Context {
 public:
  // MODEL_INVALID for a model without a cache that can be rolled back; INVALID_ARGUMENT for impossible sizes.
  static Result<std::unique_ptr<Context>> create(std::shared_ptr<Model> model, const ContextParams& params);

  llama_context* get() const { return context_.get(); }
  llama_memory_t memory() const { return llama_get_memory(context_.get()); }
  const Model& model() const { return *model_; }
  const ContextLimits& limits() const { return limits_; }
  // What computes: the first device's family in lower case, such as "cpu" or "cuda".
  std::string backend() const;

  // Set from any thread to end the decode in flight; llama.cpp asks between two nodes of its graph, on CPU only.
  std::atomic<bool> abort{false};

 private:
  struct ContextDelete {
    void operator()(llama_context* context) const { llama_free(context); }
  };
  struct ThreadpoolDelete {
    void operator()(ggml_threadpool* pool) const;
  };

  Context() = default;
  Status attach_threads(int32_t n_threads);

  // Members die in reverse: the context before the threads that it computes on and the model that it reads.
  std::shared_ptr<Model> model_;
  std::unique_ptr<ggml_threadpool, ThreadpoolDelete> threads_;
  std::unique_ptr<llama_context, ContextDelete> context_;
  ContextLimits limits_{};
};

} // namespace lloyal
