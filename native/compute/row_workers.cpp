#include "row_workers.h"

#include "cpu_backend.h"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace lloyal {
namespace {

// ggml's threads begin a graph after its caller has made it. ThreadSanitizer does not see that order, so it is told.
void before_graph([[maybe_unused]] void* work) {
#ifdef __SANITIZE_THREAD__
  __tsan_release(work);
#endif
}

void in_graph([[maybe_unused]] void* work) {
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(work);
#endif
}

} // namespace

std::unique_ptr<RowWorkers> RowWorkers::on(ggml_threadpool* pool, int n_threads) {
  const ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (!cpu) return nullptr;
  auto* set_pool = cpu_function<void(ggml_backend_t, ggml_threadpool*)>("ggml_backend_cpu_set_threadpool");
  auto* set_threads = cpu_function<void(ggml_backend_t, int)>("ggml_backend_set_n_threads");
  if (!set_pool || !set_threads) return nullptr;
  const ggml_backend_t backend = ggml_backend_dev_init(cpu, nullptr);
  if (!backend) return nullptr;
  set_pool(backend, pool);
  set_threads(backend, n_threads);
  return std::unique_ptr<RowWorkers>(new RowWorkers(backend));
}

RowWorkers::RowWorkers(ggml_backend_t backend) : backend_(backend) {
  constexpr size_t nodes = 2;
  const size_t size =
      nodes * (ggml_tensor_overhead() + sizeof(float)) + ggml_graph_overhead_custom(nodes, false) + 1024;
  context_.reset(ggml_init({size, nullptr, /*no_alloc=*/false}));
  ggml_tensor* nothing = ggml_new_tensor_1d(context_.get(), GGML_TYPE_F32, 1);
  const ggml_custom1_op_t run = [](ggml_tensor*, const ggml_tensor*, int, int, void* self) {
    static_cast<RowWorkers*>(self)->take_part();
  };
  graph_ = ggml_new_graph_custom(context_.get(), nodes, false);
  ggml_build_forward_expand(graph_, ggml_map_custom1_inplace(context_.get(), nothing, run, GGML_N_TASKS_MAX, this));
}

void RowWorkers::for_each(size_t count, const std::function<void(size_t)>& work) {
  work_ = &work;
  count_ = count;
  error_ = nullptr;
  has_failed_ = false;
  next_ = 0;
  // One row is not worth waking anybody. And should the graph not be computed, this thread does what is left.
  before_graph(this);
  if (count > 1) ggml_backend_graph_compute(backend_.get(), graph_);
  take_part();
  if (error_) std::rethrow_exception(error_);
}

void RowWorkers::take_part() {
  in_graph(this);
  for (size_t index = next_++; index < count_; index = next_++) call(index);
  ++ended_;
}

// ggml is C: nothing may be thrown through it.
void RowWorkers::call(size_t index) {
  try {
    (*work_)(index);
  } catch (...) {
    if (!has_failed_.exchange(true)) error_ = std::current_exception();
  }
}

} // namespace lloyal
