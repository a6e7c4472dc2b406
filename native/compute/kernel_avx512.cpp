#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace lloyal {
namespace {

typedef float Vec __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));

Vec load_halves(const char* at) {
  return _mm512_maskz_cvtph_ps(0xFFFF, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
}

constexpr size_t block = 24; // of 32 registers

} // namespace
} // namespace lloyal

#include "kernel.h"

namespace lloyal {

extern const AttentionKernel avx512_kernel;
constinit const AttentionKernel avx512_kernel = make_kernel<1, 3>();

} // namespace lloyal
