#pragma once

#include <cstdint>
#include <vector>

#include "attention.h"

namespace lloyal {

// The cells that a unit of work has to read, in their order: those that at least one of its rows sees.
struct VisibleCells {
  std::vector<uint32_t> cells;
  std::vector<uint64_t> lanes; // for each: the lanes that see it

  // Keeps its memory from call to call.
  void find(const Attention& attention, const AttentionUnit& unit);

 private:
  std::vector<uint64_t> rows_; // for each cell of the cache: the rows that see it
};

} // namespace lloyal
