#include "devices.h"

#include <algorithm>
#include <cctype>

#include "attention_backend.h"
#include "backends.h"

namespace lloyal {
Device describe(ggml_backend_dev_t device) {
  ggml_backend_reg_t family = ggml_backend_dev_backend_reg(device);
  std::string backend = ggml_backend_reg_name(family);
  std::transform(backend.begin(), backend.end(), backend.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto type = ggml_backend_dev_type(device);
  const bool is_gpu = type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
  return {ggml_backend_dev_name(device), std::move(backend), is_gpu, library_of(family)};
}

std::vector<Device> list_devices() {
  std::vector<Device> devices;
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i)
    if (!is_attention_device(ggml_backend_dev_get(i))) devices.push_back(describe(ggml_backend_dev_get(i)));
  return devices;
}

ggml_backend_dev_t find_device(const std::string& name) {
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i)
    if (ggml_backend_dev_name(ggml_backend_dev_get(i)) == name) return ggml_backend_dev_get(i);
  return nullptr;
}

} // namespace lloyal
