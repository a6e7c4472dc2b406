#include "context.h"

#include <algorithm>
#include <cctype>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "log_capture.h"

namespace lloyal {
namespace {

Status check(const llama_model* model, const ContextParams& params) {
  // A rollback cuts a sequence at a position, which a recurrent state cannot do.
  if (llama_model_is_recurrent(model) || llama_model_is_hybrid(model))
    return {Code::model_invalid, "models with a recurrent state are not supported: a failed batch could not be undone"};
  if (llama_model_has_encoder(model)) return {Code::model_invalid, "encoder models are not supported"};
  if (params.n_seq_max == 0 || params.n_seq_max > llama_max_parallel_sequences())
    return {Code::invalid_argument, "nSeqMax must lie in [1, 256]", {{"nSeqMax", params.n_seq_max}}};
  if (params.n_ctx == 0 || params.n_batch == 0 || params.n_ubatch == 0 || params.n_threads < 1)
    return {Code::invalid_argument, "nCtx, nBatch, nUbatch and nThreads must be at least 1"};
  return {};
}

llama_context_params to_llama(const ContextParams& params, std::atomic<bool>* abort) {
  llama_context_params out = llama_context_default_params();
  out.n_ctx = params.n_ctx;
  out.n_batch = params.n_batch;
  out.n_ubatch = std::min(params.n_batch, params.n_ubatch);
  out.n_seq_max = params.n_seq_max;
  // Zero would mean one output per batch row, and reserve n_batch x n_vocab floats for them.
  out.n_outputs_max = params.n_seq_max;
  out.n_threads = params.n_threads;
  out.n_threads_batch = params.n_threads;
  out.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO;
  out.type_k = params.type_k;
  out.type_v = params.type_v;
  out.embeddings = false;
  out.no_perf = true;
  // One stream: a fork is a bit per cell. Separate streams would copy tensors, and abort on partial copies.
  out.kv_unified = true;
  // A short sliding-window cache loses cells that a rollback needs, without saying so, and fills up with forks.
  out.swa_full = true;
  out.abort_callback = [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(); };
  out.abort_callback_data = abort;
  return out;
}

} // namespace

void Context::ThreadpoolDelete::operator()(ggml_threadpool* pool) const {
  ggml_threadpool_free(pool);
}

Result<std::unique_ptr<Context>> Context::create(std::shared_ptr<Model> model, const ContextParams& params) {
  if (Status status = check(model->get(), params); !status.ok()) return status;
  std::unique_ptr<Context> self(new Context());
  self->model_ = std::move(model);

  const LogCapture log;
  self->context_.reset(llama_init_from_model(self->model_->get(), to_llama(params, &self->abort)));
  llama_context* context = self->context_.get();
  if (!context) return Status{Code::invalid_argument, "llama.cpp refused these context options", {}, log.text()};
  if (!self->memory()) return Status{Code::model_invalid, "this model has no KV cache"};
  if (Status status = self->attach_threads(params.n_threads); !status.ok()) return status;

  self->limits_ = {llama_n_ctx(context),     llama_n_batch(context),       llama_n_ubatch(context),
                   llama_n_seq_max(context), self->model_->vocab().size(), params.n_threads};
  return self;
}

// Without a pool of our own, ggml starts and joins its threads for every graph.
Status Context::attach_threads(int32_t n_threads) {
  ggml_threadpool_params pool = ggml_threadpool_params_default(n_threads);
  threads_.reset(ggml_threadpool_new(&pool));
  if (!threads_) return {Code::invalid_argument, "could not start the compute threads", {{"nThreads", n_threads}}};
  llama_attach_threadpool(context_.get(), threads_.get(), threads_.get());
  return {};
}

std::string Context::backend() const {
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_GPU) continue;
    std::string name = ggml_backend_reg_name(ggml_backend_dev_backend_reg(device));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
  }
  return "cpu";
}

} // namespace lloyal
