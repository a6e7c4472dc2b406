#pragma once

#include "ggml-backend.h"
#include "row_workers.h"

namespace lloyal {

// A backend of ggml that computes attention over 16-bit caches in host memory, in place of ggml's kernels for the CPU,
// which go over the cells once for each row of a batch. llama.cpp asks every backend that accelerates the CPU which nodes
// of a graph it takes.

// Once per process, after the backends of ggml are loaded. Nothing where this CPU has no kernel of ours.
void register_attention_backend();

// Whether a device is that backend's, which nobody chooses by name.
bool is_attention_device(ggml_backend_dev_t device);

// While one lives, what this thread asks of llama.cpp is computed so: graphs that it lays out give attention to that backend,
// and those that it computes use the threads of `workers`, or this thread alone where that is null. Outside, the backend takes
// nothing, so whatever else uses ggml in this process keeps its kernels.
class OwnAttention {
 public:
  explicit OwnAttention(RowWorkers* workers);
  ~OwnAttention();
  OwnAttention(const OwnAttention&) = delete;
  OwnAttention& operator=(const OwnAttention&) = delete;

 private:
  bool was_on_;
  RowWorkers* workers_before_;
};

} // namespace lloyal
