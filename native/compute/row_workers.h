#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include "ggml-backend.h"
#include "ggml-cpu.h"

namespace lloyal {

// Work on rows, on the threads that compute the graphs. After a graph they spin for its successor and keep the cores
// busy; threads of our own would have to fight them for these. So the work is a graph too, of one node.
class RowWorkers {
 public:
  // `pool` outlives this object and computes nothing else during a call. Null where ggml has no CPU backend.
  static std::unique_ptr<RowWorkers> on(ggml_threadpool* pool, int n_threads);

  // Calls `work` once for each number below `count`, on several threads where there is more than one, and returns when
  // all have ended. An exception is thrown again here, after the others. Costs about 5 us beside the work.
  void for_each(size_t count, const std::function<void(size_t)>& work);

 private:
  struct BackendDelete {
    void operator()(ggml_backend_t backend) const { ggml_backend_free(backend); }
  };
  struct GgmlDelete {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };

  explicit RowWorkers(ggml_backend_t backend);
  void take_part();
  void call(size_t index);

  std::unique_ptr<ggml_backend, BackendDelete> backend_;
  std::unique_ptr<ggml_context, GgmlDelete> context_;
  ggml_cgraph* graph_;

  // Of the call under way. The atomics order all else: ggml's own barriers are unseen by ThreadSanitizer.
  const std::function<void(size_t)>* work_ = nullptr;
  size_t count_ = 0;
  std::exception_ptr error_;
  std::atomic<bool> has_failed_ = false;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> ended_ = 0;
};

} // namespace lloyal
