#include "attention_backend.h"

#include <cstring>
#include <exception>
#include <utility>

#include "attend.h"
#include "attention_kernels.h"
#include "ggml-backend-impl.h"

namespace lloyal {
namespace {

constexpr const char* backend_name = "lloyal-attention";

// Of this thread.
thread_local bool is_on = false;
thread_local RowWorkers* workers_here = nullptr;

float float_param(const ggml_tensor* op, size_t index) {
  float value = 0;
  std::memcpy(&value, op->op_params + index, sizeof value);
  return value;
}

bool is_plain(const ggml_tensor* op) {
  enum { scale, max_bias, softcap };
  return float_param(op, max_bias) == 0 && float_param(op, softcap) == 0 && op->src[4] == nullptr;
}

// 16 floats are a vector of the widest registers.
bool is_head_size(int64_t size) {
  return size > 0 && size % 16 == 0 && size <= 1024;
}

bool takes(const ggml_tensor* op) {
  if (!is_on || op->op != GGML_OP_FLASH_ATTN_EXT || !is_plain(op)) return false;
  const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3];
  if (!mask || mask->type != GGML_TYPE_F16 || mask->ne[2] != 1 || mask->ne[3] != 1 || mask->nb[0] != 2) return false;
  if (q->type != GGML_TYPE_F32 || k->type != GGML_TYPE_F16 || v->type != GGML_TYPE_F16) return false;
  if (q->nb[0] != 4 || k->nb[0] != 2 || v->nb[0] != 2) return false;
  if (q->ne[3] != 1 || k->ne[3] != 1 || k->ne[2] != v->ne[2] || q->ne[2] % k->ne[2] != 0) return false;
  return is_head_size(k->ne[0]) && is_head_size(v->ne[0]);
}

Attention attention_of(const ggml_tensor* op) {
  const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3];
  const auto matrix = [](const ggml_tensor* tensor) {
    return Attention::Matrix{static_cast<const char*>(tensor->data), tensor->nb[1], tensor->nb[2]};
  };
  const auto size = [](int64_t extent) { return static_cast<size_t>(extent); };
  return {matrix(q),
          matrix(k),
          matrix(v),
          static_cast<const char*>(mask->data),
          mask->nb[1],
          static_cast<float*>(op->data),
          size(q->ne[1]),
          size(k->ne[1]),
          size(q->ne[2]),
          size(k->ne[2]),
          size(k->ne[0]),
          size(v->ne[0]),
          float_param(op, 0)};
}

// ggml is C: nothing may be thrown through it.
ggml_status compute(ggml_backend_t, ggml_cgraph* graph) {
  try {
    for (int i = 0; i < ggml_graph_n_nodes(graph); ++i) {
      const ggml_tensor* node = ggml_graph_node(graph, i);
      if (node->op == GGML_OP_FLASH_ATTN_EXT) attend(*attention_kernels().front(), attention_of(node), workers_here);
    }
    return GGML_STATUS_SUCCESS;
  } catch (const std::exception&) {
    return GGML_STATUS_ALLOC_FAILED;
  }
}

ggml_guid_t guid() {
  static ggml_guid own = {0x6c, 0x6c, 0x6f, 0x79, 0x61, 0x6c, 0x2d, 0x61, 0x74, 0x74, 0x65, 0x6e, 0x74, 0x69, 0x6f, 0x6e};
  return &own;
}

ggml_backend_t start(ggml_backend_dev_t device, const char*) {
  ggml_backend_i calls{};
  calls.get_name = [](ggml_backend_t) { return backend_name; };
  calls.free = [](ggml_backend_t backend) { delete backend; };
  calls.graph_compute = compute;
  return new ggml_backend{guid(), calls, device, nullptr};
}

ggml_backend_buffer_type_t host_memory(ggml_backend_dev_t) {
  return ggml_backend_cpu_buffer_type();
}

void describe(ggml_backend_dev_t, ggml_backend_dev_props* props) {
  *props = {};
  props->name = backend_name;
  props->description = backend_name;
  props->type = GGML_BACKEND_DEVICE_TYPE_ACCEL;
  props->caps.buffer_from_host_ptr = true;
  // It computes at once and needs neither; one device that lacks them takes both from all of them.
  props->caps.async = true;
  props->caps.events = true;
}

ggml_backend_device_i device_calls() {
  ggml_backend_device_i calls{};
  calls.get_name = [](ggml_backend_dev_t) { return backend_name; };
  calls.get_description = calls.get_name;
  calls.get_memory = [](ggml_backend_dev_t, size_t* free, size_t* total) { *free = *total = 0; };
  calls.get_type = [](ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_ACCEL; };
  calls.get_props = describe;
  calls.init_backend = start;
  calls.get_buffer_type = host_memory;
  calls.buffer_from_host_ptr = [](ggml_backend_dev_t, void* data, size_t size, size_t) {
    return ggml_backend_cpu_buffer_from_ptr(data, size);
  };
  calls.supports_op = [](ggml_backend_dev_t, const ggml_tensor* op) { return takes(op); };
  calls.supports_buft = [](ggml_backend_dev_t, ggml_backend_buffer_type_t type) {
    return ggml_backend_buft_is_host(type);
  };
  return calls;
}

ggml_backend_reg_t registry() {
  static ggml_backend_reg own = [] {
    ggml_backend_reg_i calls{};
    calls.get_name = [](ggml_backend_reg_t) { return backend_name; };
    calls.get_device_count = [](ggml_backend_reg_t) -> size_t { return 1; };
    calls.get_device = [](ggml_backend_reg_t reg, size_t) {
      static ggml_backend_device device{device_calls(), reg, nullptr};
      return &device;
    };
    calls.get_proc_address = [](ggml_backend_reg_t, const char*) -> void* { return nullptr; };
    return ggml_backend_reg{GGML_BACKEND_API_VERSION, calls, nullptr};
  }();
  return &own;
}

} // namespace

void register_attention_backend() {
  static const bool once = [] {
    // Another addon with the same libraries has one of its own: each computes for its own threads alone.
    if (!attention_kernels().empty()) ggml_backend_register(registry());
    return true;
  }();
  (void)once;
}

bool is_attention_device(ggml_backend_dev_t device) {
  return std::strcmp(ggml_backend_dev_name(device), backend_name) == 0;
}

OwnAttention::OwnAttention(RowWorkers* workers)
    : was_on_(std::exchange(is_on, true)), workers_before_(std::exchange(workers_here, workers)) {}

OwnAttention::~OwnAttention() {
  is_on = was_on_;
  workers_here = workers_before_;
}

} // namespace lloyal
