#include "row_sums.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

// The same loop for several instruction sets, chosen when the process starts. Other C libraries cannot choose, and
// a sanitizer is not there yet when the choice is made.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LLOYAL_VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LLOYAL_VECTOR
#endif

namespace lloyal {
namespace {

constexpr size_t lanes = 16;
// Floats are summed over this many tokens at most and then go on as doubles, so that no sum loses its small terms.
constexpr size_t block = 16 * lanes;

// Cephes' expf without its branches, for x in [-87, 0].
inline __attribute__((always_inline)) float exp_of(float x) {
  constexpr float magic = 12582912.0f; // adding it rounds to the nearest integer
  const float shifted = x * 1.44269504088896341f + magic;
  const float n = shifted - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float mantissa = p * r * r + r + 1.0f;
  const int32_t exponent = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(magic) + 127;
  return mantissa * std::bit_cast<float>(exponent << 23);
}

struct Lanes {
  float a[lanes] = {}, b[lanes] = {}, c[lanes] = {};
};

double total(const float (&values)[lanes]) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum;
}

LLOYAL_VECTOR void add_exp(const float* logits, size_t count, float shift, float scale, float ceiling, Lanes& out) {
  for (size_t i = 0; i < count; i += lanes) {
    for (size_t lane = 0; lane < lanes; ++lane) {
      const float logit = logits[i + lane];
      const float x = (logit - shift) * scale;
      // False for NaN too.
      const bool counts = logit > -INFINITY && logit <= ceiling;
      const bool weighs = counts && x >= -87.0f;
      const float safe = weighs ? x : 0.0f;
      const float weight = weighs ? exp_of(safe) : 0.0f;
      out.a[lane] += counts ? 1.0f : 0.0f;
      out.b[lane] += weight;
      out.c[lane] += safe * weight;
    }
  }
}

LLOYAL_VECTOR void add_moments(const float* logits, size_t count, float shift, Lanes& out) {
  for (size_t i = 0; i < count; i += lanes) {
    for (size_t lane = 0; lane < lanes; ++lane) {
      const bool counts = logits[i + lane] > -INFINITY;
      const float d = counts ? logits[i + lane] - shift : 0.0f;
      out.a[lane] += counts ? 1.0f : 0.0f;
      out.b[lane] += d;
      out.c[lane] += d * d;
    }
  }
}

LLOYAL_VECTOR float highest_of(const float* logits, size_t count) {
  float best[lanes];
  std::fill(std::begin(best), std::end(best), -INFINITY);
  size_t i = 0;
  // Without a branch per token the compiler compares many at once. NaN never wins a comparison.
  for (; i + lanes <= count; i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
  for (; i < count; ++i) best[0] = logits[i] > best[0] ? logits[i] : best[0];
  for (size_t half = lanes / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; ++lane)
      best[lane] = best[lane + half] > best[lane] ? best[lane + half] : best[lane];
  return best[0];
}

// Calls `add` for whole blocks, the last one filled up with tokens that do not count.
template <typename Add> void for_blocks(std::span<const float> logits, const Add& add) {
  const size_t whole = logits.size() - logits.size() % block;
  for (size_t i = 0; i < whole; i += block) add(logits.data() + i);
  if (whole == logits.size()) return;
  float last[block];
  std::fill(std::begin(last), std::end(last), -INFINITY);
  std::copy(logits.begin() + static_cast<std::ptrdiff_t>(whole), logits.end(), last);
  add(last);
}

} // namespace

double Moments::deviation() const {
  if (count == 0) return 0;
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean));
}

double ExpSums::entropy() const {
  return std::max(0.0, std::log(mass) - moment / mass);
}

float highest(std::span<const float> logits) {
  return highest_of(logits.data(), logits.size());
}

Moments moments(std::span<const float> logits, float shift) {
  Moments sums;
  for_blocks(logits, [&](const float* first) {
    Lanes part;
    add_moments(first, block, shift, part);
    sums.count += total(part.a);
    sums.sum += total(part.b);
    sums.squares += total(part.c);
  });
  return sums;
}

ExpSums exp_sums(std::span<const float> logits, double shift, double temperature, float ceiling) {
  ExpSums sums;
  const auto scale = static_cast<float>(1 / temperature);
  for_blocks(logits, [&](const float* first) {
    Lanes part;
    add_exp(first, block, static_cast<float>(shift), scale, ceiling, part);
    sums.count += total(part.a);
    sums.mass += total(part.b);
    sums.moment += total(part.c);
  });
  return sums;
}

} // namespace lloyal
