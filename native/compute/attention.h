#pragma once

#include <cstddef>
#include <cstdint>

namespace lloyal {

// One FLASH_ATTN_EXT of ggml over a cache that many branches share: softmax(scale * Q K^T + mask) V. Strides in bytes.
// A mask element is 0 where a row sees a cell, and -infinity (as 16-bit float) where it does not; no other values.
struct Attention {
  struct Matrix {
    const char* data;
    size_t row_stride;  // from a token or cell to the next
    size_t head_stride; // from a head to the next
  };

  Matrix queries;       // float
  Matrix keys, values;  // 16-bit float
  const char* mask;     // 16-bit float, a row for each token
  size_t mask_stride;
  float* out;           // [n_tokens][n_heads][value_size]
  size_t n_tokens, n_cells, n_heads, n_kv_heads;
  size_t key_size, value_size; // floats of a head
  float scale;
};

// Query vectors that are computed side by side, one in each lane of the vector registers: of `rows` tokens from
// `first_row` on, `heads` each, from `first_head` on among those that share `kv_head`. Lane r * heads + h is row r's.
//
// Each lane's result depends on the cells that it sees and on their order alone, bit by bit: not on where they lie, on what
// other lanes see, or on how the work was divided.
struct AttentionUnit {
  size_t kv_head;
  size_t first_row, rows;
  size_t first_head, heads;

  // The cells that one of its rows sees at least, in their order, and for each the lanes that see it.
  const uint32_t* cells;
  const uint64_t* seen;
  size_t n_cells;

  // Memory to work in, from multiples of 64 bytes on; with `lanes` as below.
  static constexpr size_t tile = 64;
  float* scores;    // [n_cells][lanes], then their weights
  float* queries;   // [key_size][lanes]
  float* cell_rows; // [tile][key_size or value_size]: keys or values as floats
  float* sums;      // [value_size][lanes]
};

// The part that is compiled for one instruction set.
struct AttentionKernel {
  // Lanes of a unit: narrow for rows of different branches; wide for those of a prompt, which see nearly the same cells,
  // so that what is read of a cell serves more of them. 64 at most.
  size_t narrow, wide;
  void (*attend)(const Attention& attention, const AttentionUnit& unit, size_t lanes);
};

} // namespace lloyal
