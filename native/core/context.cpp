#include "context.h"

#include <algorithm>
#include <latch>
#include <system_error>
#include <thread>

#include "attention_backend.h"
#include "attention_kernels.h"
#include "cpu_backend.h"
#include "log_capture.h"

namespace lloyal {
namespace {

// Sequences of llama.cpp's for `leased` ones of ours. Where there is a state, a second one of each keeps it from before
// a call; else one more serves to save a part of another.
uint32_t seqs_for(const Model& model, uint32_t leased) {
  return model.has_state() ? 2 * leased : leased + 1;
}

uint32_t most_leased(const Model& model) {
  const auto most = static_cast<uint32_t>(llama_max_parallel_sequences());
  return model.has_state() ? most / 2 : most - 1;
}

// The room that guesses take: at 152k tokens 10 MB of logits, which llama.cpp allocates when they are first asked for.
uint32_t draft_rows(const Model& model) {
  return model.has_state() ? 0 : 16;
}

bool computes_on_cpu(const Model& model) {
  const std::vector<Device>& devices = model.devices();
  return std::none_of(devices.begin(), devices.end(), [](const Device& device) { return device.is_gpu; });
}

// Not beside a GPU: llama.cpp then gives up flash attention for all layers where it is computed by two backends.
bool has_own_attention(const Model& model) {
  return !attention_kernels().empty() && computes_on_cpu(model);
}

Status check(const Model& loaded, const ContextParams& params) {
  const llama_model* model = loaded.get();
  if (llama_model_has_encoder(model)) return {Code::model_invalid, "encoder models are not supported"};
  const uint32_t most = most_leased(loaded);
  if (params.n_seq_max == 0 || params.n_seq_max > most)
    return {Code::invalid_argument,
            "nSeqMax must lie in [1, " + std::to_string(most) + "] for this model",
            {{"nSeqMax", params.n_seq_max}}};
  if (params.n_ctx == 0 || params.n_batch == 0 || params.n_ubatch == 0 || params.n_threads < 1 ||
      params.n_threads_batch < 1)
    return {Code::invalid_argument, "nCtx, nBatch, nUbatch and the threads must be at least 1"};
  if (params.rope.changes_anything() && llama_model_rope_type(model) == LLAMA_ROPE_TYPE_NONE)
    return {Code::invalid_argument, "ropeScaling: this model has no rotary positions"};
  return {};
}

llama_context_params to_llama(const Model& model, const ContextParams& params, std::atomic<bool>* abort) {
  llama_context_params out = llama_context_default_params();
  out.n_ctx = params.n_ctx;
  out.n_batch = params.n_batch;
  out.n_ubatch = std::min(params.n_batch, params.n_ubatch);
  out.n_seq_max = seqs_for(model, params.n_seq_max);
  // Zero would mean one output per batch row, and reserve n_batch x n_vocab floats for them.
  out.n_outputs_max = out.n_seq_max + draft_rows(model);
  out.n_threads = params.n_threads;
  out.n_threads_batch = params.n_threads_batch;
  out.flash_attn_type = params.flash_attn;
  // llama.cpp's own choice would be against it: a backend other than that of the layer computes it.
  if (has_own_attention(model) && params.flash_attn == LLAMA_FLASH_ATTN_TYPE_AUTO)
    out.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
  out.rope_scaling_type = params.rope.scaling;
  out.rope_freq_base = params.rope.freq_base;
  out.rope_freq_scale = params.rope.factor > 0 ? 1 / params.rope.factor : 0;
  out.yarn_orig_ctx = params.rope.original_context;
  out.type_k = params.type_k;
  out.type_v = params.type_v;
  out.embeddings = false;
  out.no_perf = true;
  // One stream: a fork is a bit per cell. Separate streams would copy tensors, and abort on partial copies.
  out.kv_unified = true;
  // A short sliding-window cache loses cells that a rollback needs, without saying so, and fills up with forks.
  out.swa_full = true;
  // A graph also moves the states of sequences that are not in the batch: cut short, it would lose some of them.
  if (!model.has_state()) out.abort_callback = [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(); };
  out.abort_callback_data = abort;
  return out;
}

// Whether the system gives so many threads more, at this moment.
bool can_start(int32_t count) {
  std::latch end(1);
  std::vector<std::thread> threads;
  bool have_started = true;
  try {
    while (static_cast<int32_t>(threads.size()) < count) threads.emplace_back([&end] { end.wait(); });
  } catch (const std::system_error&) {
    have_started = false;
  }
  end.count_down();
  for (std::thread& thread : threads) thread.join();
  return have_started;
}

} // namespace

bool Context::owns_attention() const {
  return has_own_attention(*model_);
}

void Context::ThreadpoolDelete::operator()(ggml_threadpool* pool) const {
  cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free")(pool);
}

Result<std::unique_ptr<Context>> Context::create(std::shared_ptr<Model> model, const ContextParams& params) {
  if (Status status = check(*model, params); !status.ok()) return status;
  std::unique_ptr<Context> self(new Context());
  self->model_ = std::move(model);

  // Before the context, which makes room in its graph for the adapters that the model has by then.
  std::vector<llama_adapter_lora*> adapters;
  std::vector<float> scales;
  for (const LoraParams& lora : params.lora) {
    auto adapter = self->model_->load_lora(lora.path);
    if (!adapter.ok()) return adapter.status();
    adapters.push_back(adapter.value());
    scales.push_back(lora.scale);
  }

  const LogCapture log;
  std::optional<OwnAttention> attention;
  if (has_own_attention(*self->model_)) attention.emplace(nullptr);
  self->context_.reset(llama_init_from_model(self->model_->get(), to_llama(*self->model_, params, &self->abort)));
  llama_context* context = self->context_.get();
  if (!context) return Status{Code::invalid_argument, "llama.cpp refused these context options", {}, log.text()};
  if (!self->memory()) return Status{Code::model_invalid, "this model has no KV cache"};
  if (!adapters.empty() && llama_set_adapters_lora(context, adapters.data(), adapters.size(), scales.data()) != 0)
    return Status{Code::model_invalid, "llama.cpp refused the LoRA adapters", {}, log.text()};
  if (Status status = self->attach_threads(params.n_threads, params.n_threads_batch); !status.ok()) return status;

  self->limits_ = {llama_n_ctx(context),
                   llama_n_batch(context),
                   llama_n_ubatch(context),
                   params.n_seq_max,
                   self->model_->vocab().size(),
                   params.n_threads,
                   params.n_threads_batch,
                   draft_rows(*self->model_),
                   params.deterministic.value_or(computes_on_cpu(*self->model_))};
  return self;
}

// Without pools of our own, ggml starts and joins its threads for every graph. One pool serves both kinds of batches
// where they want the same number of threads.
Status Context::attach_threads(int32_t n_threads, int32_t n_threads_batch) {
  auto* start_pool = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
  if (!start_pool) return {Code::backend_unavailable, "no CPU backend is loaded"};
  // ggml ends the process where a thread does not start.
  if (!can_start(n_threads + (n_threads_batch != n_threads ? n_threads_batch : 0)))
    return {Code::invalid_argument, "could not start the compute threads", {{"nThreads", n_threads}}};
  const auto start = [=](int32_t count) {
    ggml_threadpool_params pool = ggml_threadpool_params_default(count);
    return start_pool(&pool);
  };
  threads_.reset(start(n_threads));
  if (n_threads_batch != n_threads) threads_batch_.reset(start(n_threads_batch));
  ggml_threadpool* const batch = n_threads_batch == n_threads ? threads_.get() : threads_batch_.get();
  if (threads_ && batch) workers_ = RowWorkers::on(batch, n_threads_batch);
  if (threads_batch_) workers_of_one_ = RowWorkers::on(threads_.get(), n_threads);
  if (!workers_) return {Code::invalid_argument, "could not start the compute threads", {{"nThreads", n_threads}}};
  llama_attach_threadpool(context_.get(), threads_.get(), batch);
  return {};
}

} // namespace lloyal
