#include "attend.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "visible_cells.h"

namespace lloyal {
namespace {

// From this many rows on they are a prompt's.
constexpr size_t prompt_rows = 32;

// Floats from a cache line's boundary on, kept from call to call.
class Scratch {
 public:
  float* take(size_t count) {
    if (count > count_) {
      data_.reset(static_cast<float*>(::operator new(count * sizeof(float), alignment)));
      count_ = count;
    }
    return data_.get();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Delete {
    void operator()(float* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<float[], Delete> data_;
  size_t count_ = 0;
};

std::vector<AttentionUnit> divide(const Attention& attention, size_t lanes) {
  const size_t heads = attention.n_heads / attention.n_kv_heads;
  const size_t heads_each = std::min(heads, lanes);
  const size_t rows_each = lanes / heads_each;
  std::vector<AttentionUnit> units;
  for (size_t row = 0; row < attention.n_tokens; row += rows_each)
    for (size_t kv_head = 0; kv_head < attention.n_kv_heads; ++kv_head)
      for (size_t head = 0; head < heads; head += heads_each) {
        AttentionUnit& unit = units.emplace_back();
        unit.kv_head = kv_head;
        unit.first_row = row;
        unit.rows = std::min(rows_each, attention.n_tokens - row);
        unit.first_head = head;
        unit.heads = std::min(heads_each, heads - head);
      }
  return units;
}

} // namespace

void attend(const AttentionKernel& kernel, const Attention& attention, RowWorkers* workers) {
  const size_t lanes = attention.n_tokens < prompt_rows ? kernel.narrow : kernel.wide;
  const std::vector<AttentionUnit> units = divide(attention, lanes);
  const auto compute = [&](size_t index) {
    static thread_local VisibleCells visible;
    static thread_local Scratch scores, queries, cell_rows, sums;
    AttentionUnit unit = units[index];
    visible.find(attention, unit);
    unit.cells = visible.cells.data();
    unit.seen = visible.lanes.data();
    unit.n_cells = visible.cells.size();
    unit.scores = scores.take(unit.n_cells * lanes);
    unit.queries = queries.take(attention.key_size * lanes);
    unit.cell_rows = cell_rows.take(AttentionUnit::tile * std::max(attention.key_size, attention.value_size));
    unit.sums = sums.take(attention.value_size * lanes);
    kernel.attend(attention, unit, lanes);
  };
  if (workers)
    workers->for_each(units.size(), compute);
  else
    for (size_t index = 0; index < units.size(); ++index) compute(index);
}

} // namespace lloyal
