// The kernel, for the instruction set that the including file is compiled for. That file says what a vector is:
//   Vec           floats of a register, with GCC's vector operators
//   Ints          as many 32-bit integers
//   load_halves   16-bit floats to a Vec
//   block         vectors that are summed up side by side: as many as registers allow
// Not by clones of one function, as in core/row_sums.cpp: the layout of the work follows from the width of a vector.
// Nothing of the standard library that is a template: of its functions the linker keeps one copy for all files, and that
// might be the one that other CPUs cannot run.
#pragma once

#include <cmath>
#include <cstring>

#include "attention.h"

namespace lloyal {
namespace {

constexpr size_t width = sizeof(Vec) / sizeof(float);

Vec splat(float value) {
  return value - Vec{};
}

Vec load(const float* at) {
  Vec out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

void store(float* at, Vec vec) {
  std::memcpy(at, &vec, sizeof vec);
}

Vec max(Vec a, Vec b) {
  return a > b ? a : b;
}

// e^x for x <= 0, to 2 units in the last place; 0 from -87 down. x = n ln 2 + r with |r| <= ln 2 / 2, and a Taylor series
// for e^r, whose seventh term is below 2^-26 there.
Vec exp_of(Vec x) {
  constexpr float round_to_int = 12582912.0f; // 1.5 * 2^23: what is added to it loses its fraction
  const Vec n = (x * 1.44269504f + round_to_int) - round_to_int;
  const Vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  constexpr float terms[] = {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  Vec sum = splat(1.0f / 720);
  for (const float term : terms) sum = sum * r + term;
  const Ints exponent = (__builtin_convertvector(n, Ints) + 127) << 23;
  Vec power;
  std::memcpy(&power, &exponent, sizeof power);
  return x < -87.0f ? Vec{} : sum * power;
}

void to_floats(const char* halves, size_t count, float* out) {
  for (size_t i = 0; i < count; i += width) store(out + i, load_halves(halves + i * 2));
}

template <size_t vectors> class Unit {
  static constexpr size_t lanes = vectors * width;
  // Cells whose scores are summed up side by side, then floats of a value that are.
  static constexpr size_t side_by_side = block / vectors;
  static constexpr size_t tile = AttentionUnit::tile;

 public:
  Unit(const Attention& attention, const AttentionUnit& unit) : a_(attention), u_(unit) {}

  void attend() {
    gather_queries();
    find_scores();
    exponentiate();
    sum_values();
    scatter();
  }

 private:
  void gather_queries() {
    std::memset(u_.queries, 0, a_.key_size * lanes * sizeof(float));
    for (size_t row = 0; row < u_.rows; ++row)
      for (size_t head = 0; head < u_.heads; ++head) {
        const size_t query_head = u_.kv_head * (a_.n_heads / a_.n_kv_heads) + u_.first_head + head;
        const auto* query = reinterpret_cast<const float*>(
            a_.queries.data + (u_.first_row + row) * a_.queries.row_stride + query_head * a_.queries.head_stride);
        for (size_t i = 0; i < a_.key_size; ++i) u_.queries[i * lanes + row * u_.heads + head] = query[i];
      }
  }

  const char* key(size_t i) const {
    return a_.keys.data + u_.cells[i] * a_.keys.row_stride + u_.kv_head * a_.keys.head_stride;
  }
  const char* value(size_t i) const {
    return a_.values.data + u_.cells[i] * a_.values.row_stride + u_.kv_head * a_.values.head_stride;
  }

  void find_scores() {
    for (Vec& each : max_) each = splat(-INFINITY);
    size_t i = 0;
    for (; i + side_by_side <= u_.n_cells; i += side_by_side) score<side_by_side>(i);
    for (; i < u_.n_cells; ++i) score<1>(i);
  }

  template <size_t count> void score(size_t first) {
    for (size_t c = 0; c < count; ++c) to_floats(key(first + c), a_.key_size, u_.cell_rows + c * a_.key_size);
    Vec sums[count][vectors] = {};
    for (size_t i = 0; i < a_.key_size; ++i) {
      Vec query[vectors];
      for (size_t v = 0; v < vectors; ++v) query[v] = load(u_.queries + i * lanes + v * width);
#pragma GCC unroll 32
      for (size_t c = 0; c < count; ++c) {
        const float of_key = u_.cell_rows[c * a_.key_size + i];
        for (size_t v = 0; v < vectors; ++v) sums[c][v] += of_key * query[v];
      }
    }
    for (size_t c = 0; c < count; ++c)
      for (size_t v = 0; v < vectors; ++v) {
        const Vec score = sees(first + c, v) ? sums[c][v] * a_.scale : splat(-INFINITY);
        max_[v] = max(max_[v], score);
        store(u_.scores + (first + c) * lanes + v * width, score);
      }
  }

  Ints sees(size_t i, size_t vector) const {
    Ints bit;
    for (size_t lane = 0; lane < width; ++lane) bit[lane] = int32_t{1} << lane;
    const auto bits = static_cast<int32_t>(u_.seen[i] >> (vector * width) & ((uint64_t{1} << width) - 1));
    return (bit & bits) != 0;
  }

  void exponentiate() {
    for (size_t v = 0; v < vectors; ++v) {
      total_[v] = Vec{};
      max_[v] = max_[v] == -INFINITY ? Vec{} : max_[v]; // a lane that sees nothing
    }
    for (size_t i = 0; i < u_.n_cells; ++i)
      for (size_t v = 0; v < vectors; ++v) {
        float* at = u_.scores + i * lanes + v * width;
        const Vec weight = exp_of(load(at) - max_[v]);
        total_[v] += weight;
        store(at, weight);
      }
  }

  // A lane that does not see a cell adds nothing, exactly.
  void sum_values() {
    std::memset(u_.sums, 0, a_.value_size * lanes * sizeof(float));
    for (size_t first = 0; first < u_.n_cells; first += tile) {
      const size_t end = first + tile < u_.n_cells ? first + tile : u_.n_cells;
      for (size_t i = first; i < end; ++i) to_floats(value(i), a_.value_size, u_.cell_rows + (i - first) * a_.value_size);
      size_t at = 0;
      for (; at + side_by_side <= a_.value_size; at += side_by_side) add<side_by_side>(first, end, at);
      for (; at < a_.value_size; ++at) add<1>(first, end, at);
    }
  }

  template <size_t count> void add(size_t first, size_t end, size_t at) {
    Vec sums[count][vectors];
    for (size_t j = 0; j < count; ++j)
      for (size_t v = 0; v < vectors; ++v) sums[j][v] = load(u_.sums + (at + j) * lanes + v * width);
    for (size_t i = first; i < end; ++i) {
      Vec weight[vectors];
      for (size_t v = 0; v < vectors; ++v) weight[v] = load(u_.scores + i * lanes + v * width);
      const float* of_cell = u_.cell_rows + (i - first) * a_.value_size + at;
#pragma GCC unroll 32
      for (size_t j = 0; j < count; ++j)
        for (size_t v = 0; v < vectors; ++v) sums[j][v] += of_cell[j] * weight[v];
    }
    for (size_t j = 0; j < count; ++j)
      for (size_t v = 0; v < vectors; ++v) store(u_.sums + (at + j) * lanes + v * width, sums[j][v]);
  }

  void scatter() const {
    float total[lanes];
    for (size_t v = 0; v < vectors; ++v) store(total + v * width, total_[v]);
    for (size_t row = 0; row < u_.rows; ++row)
      for (size_t head = 0; head < u_.heads; ++head) {
        const size_t lane = row * u_.heads + head;
        const size_t query_head = u_.kv_head * (a_.n_heads / a_.n_kv_heads) + u_.first_head + head;
        float* out = a_.out + ((u_.first_row + row) * a_.n_heads + query_head) * a_.value_size;
        const float inverse = total[lane] == 0 ? 0 : 1 / total[lane];
        for (size_t i = 0; i < a_.value_size; ++i) out[i] = u_.sums[i * lanes + lane] * inverse;
      }
  }

  const Attention& a_;
  const AttentionUnit& u_;
  Vec max_[vectors], total_[vectors];
};

template <size_t narrow_vectors, size_t wide_vectors> constexpr AttentionKernel make_kernel() {
  return {narrow_vectors * width, wide_vectors * width,
          [](const Attention& attention, const AttentionUnit& unit, size_t lanes) {
            if (lanes == narrow_vectors * width)
              Unit<narrow_vectors>(attention, unit).attend();
            else
              Unit<wide_vectors>(attention, unit).attend();
          }};
}

} // namespace
} // namespace lloyal
