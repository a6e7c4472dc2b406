#pragma once

#include "ggml-backend.h"
#include "ggml-cpu.h"

namespace lloyal {

// A function of ggml's CPU backend; null where there is no such backend. By name: where backends are libraries that are
// loaded at run time, their functions are no symbols that this could be linked against.
template <typename Function> Function* cpu_function(const char* name) {
  const ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (!cpu) return nullptr;
  return reinterpret_cast<Function*>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), name));
}

} // namespace lloyal
