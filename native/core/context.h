#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "model.h"
#include "row_workers.h"

namespace lloyal {

// How positions turn the keys; what is left out is as the model file has it.
struct RopeParams {
  llama_rope_scaling_type scaling = LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED;
  float factor = 0;    // positions reach this many times as far; 0: as the model has it
  float freq_base = 0; // 0: as the model has it
  uint32_t original_context = 0;

  bool changes_anything() const {
    return scaling != LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED || factor > 0 || freq_base > 0;
  }
};

struct ContextParams {
  uint32_t n_ctx = 4096; // cells; llama.cpp rounds up to a multiple of 256
  uint32_t n_batch = 512;
  uint32_t n_ubatch = 512;
  uint32_t n_seq_max = 16;
  int32_t n_threads = 1;       // for batches of one row
  int32_t n_threads_batch = 1; // for all others
  ggml_type type_k = GGML_TYPE_F16;
  ggml_type type_v = GGML_TYPE_F16;
  llama_flash_attn_type flash_attn = LLAMA_FLASH_ATTN_TYPE_AUTO;
  RopeParams rope = {};
  std::vector<LoraParams> lora = {};
  // Whether prefills are cut at canonical positions and share no batch. Where it is left out: on CPU.
  std::optional<bool> deterministic = {};
};

// What llama.cpp really allocated.
struct ContextLimits {
  uint32_t n_ctx, n_batch, n_ubatch, n_seq_max;
  int32_t n_vocab;
  int32_t n_threads, n_threads_batch;
  uint32_t draft_rows; // of guesses in one batch; none where the model has a state, which cannot go back
  bool deterministic;
};

// One KV cache with its compute threads. Everything but `abort` belongs to one thread at a time.
class Context {
 public:
  // MODEL_INVALID for a model without memory and for adapters that are none of its own; INVALID_ARGUMENT for
  // impossible sizes.
  static Result<std::unique_ptr<Context>> create(std::shared_ptr<Model> model, const ContextParams& params);

  llama_context* get() const { return context_.get(); }
  llama_memory_t memory() const { return llama_get_memory(context_.get()); }
  const Model& model() const { return *model_; }
  const ContextLimits& limits() const { return limits_; }
  RowWorkers& workers() const { return *workers_; }
  // On the threads that llama.cpp computes a batch of so many rows on.
  RowWorkers& workers_for(int32_t rows) const { return rows == 1 && workers_of_one_ ? *workers_of_one_ : *workers_; }
  // Whether attention is computed by our kernels.
  bool owns_attention() const;

  // Set from any thread to end the decode in flight: between two batches, and, on CPU and where the model has no state,
  // between two nodes of a graph.
  std::atomic<bool> abort{false};

 private:
  struct ContextDelete {
    void operator()(llama_context* context) const { llama_free(context); }
  };
  struct ThreadpoolDelete {
    void operator()(ggml_threadpool* pool) const;
  };

  Context() = default;
  Status attach_threads(int32_t n_threads, int32_t n_threads_batch);

  // Members die in reverse: the context before the threads that it computes on and the model that it reads.
  std::shared_ptr<Model> model_;
  std::unique_ptr<ggml_threadpool, ThreadpoolDelete> threads_, threads_batch_;
  std::unique_ptr<RowWorkers> workers_;
  std::unique_ptr<RowWorkers> workers_of_one_; // where batches of one row have threads of their own
  std::unique_ptr<llama_context, ContextDelete> context_;
  ContextLimits limits_{};
};

} // namespace lloyal
