#include "attention_kernels.h"

namespace lloyal {

#ifdef LLOYAL_X86_KERNELS

extern const AttentionKernel avx512_kernel, avx2_kernel;

const std::vector<const AttentionKernel*>& attention_kernels() {
  static const std::vector<const AttentionKernel*> usable = [] {
    std::vector<const AttentionKernel*> found;
    if (__builtin_cpu_supports("avx512f")) found.push_back(&avx512_kernel);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
      found.push_back(&avx2_kernel);
    return found;
  }();
  return usable;
}

#else

const std::vector<const AttentionKernel*>& attention_kernels() {
  static const std::vector<const AttentionKernel*> none;
  return none;
}

#endif

} // namespace lloyal
