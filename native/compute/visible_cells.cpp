#include "visible_cells.h"

#include <bit>

namespace lloyal {
namespace {

constexpr uint16_t minus_infinity = 0xFC00;

} // namespace

void VisibleCells::find(const Attention& attention, const AttentionUnit& unit) {
  rows_.assign(attention.n_cells, 0);
  for (size_t row = 0; row < unit.rows; ++row) {
    const auto* mask =
        reinterpret_cast<const uint16_t*>(attention.mask + (unit.first_row + row) * attention.mask_stride);
    const uint64_t bit = uint64_t{1} << row;
    for (size_t cell = 0; cell < attention.n_cells; ++cell) rows_[cell] |= mask[cell] == minus_infinity ? 0 : bit;
  }

  const uint64_t of_row = (uint64_t{1} << unit.heads) - 1;
  const uint64_t all_rows = unit.rows == 64 ? ~uint64_t{0} : (uint64_t{1} << unit.rows) - 1;
  uint64_t all_lanes = 0;
  for (size_t row = 0; row < unit.rows; ++row) all_lanes |= of_row << row * unit.heads;
  cells.clear();
  lanes.clear();
  for (size_t cell = 0; cell < attention.n_cells; ++cell) {
    uint64_t rows = rows_[cell];
    if (rows == 0) continue;
    uint64_t seen = all_lanes;
    if (rows != all_rows)
      for (seen = 0; rows != 0; rows &= rows - 1)
        seen |= of_row << static_cast<size_t>(std::countr_zero(rows)) * unit.heads;
    cells.push_back(static_cast<uint32_t>(cell));
    lanes.push_back(seen);
  }
}

} // namespace lloyal
