#pragma once

#include <string>
#include <vector>

#include "ggml-backend.h"

namespace lloyal {

// Something that computes, as ggml names it.
struct Device {
  std::string name;    // "CUDA0", "CPU"
  std::string backend; // its family in lower case: "cuda", "cpu"
  bool is_gpu;
  std::string library; // the file that its code is in; empty where that is the addon itself
};

// All that this build finds on this machine, in ggml's order. Needs init_backend().
std::vector<Device> list_devices();

Device describe(ggml_backend_dev_t device);

// Null for a name that list_devices() does not have.
ggml_backend_dev_t find_device(const std::string& name);

} // namespace lloyal
