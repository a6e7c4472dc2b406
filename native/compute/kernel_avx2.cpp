#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace lloyal {
namespace {

typedef float Vec __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));

Vec load_halves(const char* at) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

constexpr size_t block = 12; // of 16 registers

} // namespace
} // namespace lloyal

#include "kernel.h"

namespace lloyal {

extern const AttentionKernel avx2_kernel;
constinit const AttentionKernel avx2_kernel = make_kernel<2, 3>();

} // namespace lloyal
