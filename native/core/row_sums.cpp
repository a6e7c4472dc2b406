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

// Where e^x comes to the end of what a float holds.
constexpr float lowest = -86.0f;

// e^x = 2^n e^r for x in [lowest, 0], with |r| <= ln 2 / 2 and the polynomial for e^r that has the least relative error
// of its degree there: 1e-7. n ln 2 is taken off in two parts, so that r keeps its last bits. The power of two goes
// into the exponent's.
inline __attribute__((always_inline)) float exp_of(float x) {
  constexpr float magic = 12582912.0f; // adding it rounds to the nearest integer
  const float shifted = x * 1.44269504088896341f + magic;
  const float n = shifted - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 8.2903113216e-3f;
  p = p * r + 4.1898168623e-2f;
  p = p * r + 1.6667637229e-1f;
  p = p * r + 4.9999147654e-1f;
  p = p * r + 9.9999970198e-1f;
  p = p * r + 1.0f;
  return std::bit_cast<float>(std::bit_cast<int32_t>(p) + (std::bit_cast<int32_t>(shifted) << 23));
}

// Sums that are added up side by side, and together at the end alone.
struct Lanes {
  double a[lanes] = {}, b[lanes] = {}, c[lanes] = {};
};

double total(const double (&values)[lanes]) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// What lies below `lowest`, or does not count, weighs e^lowest: less than any sum can tell from nothing. A choice
// between two computed values keeps the compiler from making many at once.
LLOYAL_VECTOR void add_exp(const float* logits, float shift, float scale, float ceiling, Lanes& sums) {
  float a[lanes] = {}, b[lanes] = {}, c[lanes] = {};
  for (size_t i = 0; i < block; i += lanes) {
    for (size_t lane = 0; lane < lanes; ++lane) {
      const float logit = logits[i + lane];
      const float counted = logit <= ceiling ? logit : -INFINITY; // NaN too
      const float x = (counted - shift) * scale;
      const float safe = x > lowest ? x : lowest;
      const float weight = exp_of(safe);
      a[lane] += counted > -INFINITY ? 1.0f : 0.0f;
      b[lane] += weight;
      c[lane] += safe * weight;
    }
  }
  for (size_t lane = 0; lane < lanes; ++lane) {
    sums.a[lane] += a[lane];
    sums.b[lane] += b[lane];
    sums.c[lane] += c[lane];
  }
}

LLOYAL_VECTOR void add_moments(const float* logits, float shift, Lanes& sums) {
  float a[lanes] = {}, b[lanes] = {}, c[lanes] = {};
  for (size_t i = 0; i < block; i += lanes) {
    for (size_t lane = 0; lane < lanes; ++lane) {
      const bool counts = logits[i + lane] > -INFINITY;
      const float d = counts ? logits[i + lane] - shift : 0.0f;
      a[lane] += counts ? 1.0f : 0.0f;
      b[lane] += d;
      c[lane] += d * d;
    }
  }
  for (size_t lane = 0; lane < lanes; ++lane) {
    sums.a[lane] += a[lane];
    sums.b[lane] += b[lane];
    sums.c[lane] += c[lane];
  }
}

// Several vectors side by side: one alone would wait for each comparison before the next.
LLOYAL_VECTOR float highest_of(const float* logits, size_t count) {
  constexpr size_t wide = 4 * lanes;
  float best[wide];
  std::fill(std::begin(best), std::end(best), -INFINITY);
  size_t i = 0;
  // Without a branch per token the compiler compares many at once. NaN never wins a comparison.
  for (; i + wide <= count; i += wide)
    for (size_t lane = 0; lane < wide; ++lane)
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane] : best[lane];
  for (; i < count; ++i) best[0] = logits[i] > best[0] ? logits[i] : best[0];
  for (size_t half = wide / 2; half > 0; half /= 2)
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

void ExpSums::raise(double up) {
  if (mass == 0) return; // there was nothing to be about
  const double factor = std::exp(-up);
  moment = (moment - up * mass) * factor;
  mass *= factor;
}

ExpSums& ExpSums::operator+=(const ExpSums& other) {
  count += other.count;
  mass += other.mass;
  moment += other.moment;
  return *this;
}

float highest(std::span<const float> logits) {
  return highest_of(logits.data(), logits.size());
}

Moments moments(std::span<const float> logits, float shift) {
  Lanes sums;
  for_blocks(logits, [&](const float* first) { add_moments(first, shift, sums); });
  return {total(sums.a), total(sums.b), total(sums.c)};
}

ExpSums exp_sums(std::span<const float> logits, double shift, double temperature, float ceiling) {
  Lanes sums;
  const auto scale = static_cast<float>(1 / temperature);
  for_blocks(logits, [&](const float* first) { add_exp(first, static_cast<float>(shift), scale, ceiling, sums); });
  return {total(sums.a), total(sums.b), total(sums.c)};
}

} // namespace lloyal
