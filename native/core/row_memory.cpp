#include "row_memory.h"

#include <algorithm>
#include <new>

namespace lloyal {
namespace {

constexpr std::align_val_t cache_line{64};
constexpr size_t most_spare_rows = 64, most_spare_bytes = size_t{8} << 20;

void release(float* row) {
  ::operator delete[](row, cache_line);
}

} // namespace

// Room for all of them from the start, so that letting go of a row cannot fail.
RowMemory::RowMemory(size_t size)
    : size_(size),
      spare_max_(std::min(most_spare_rows, most_spare_bytes / (std::max<size_t>(size, 1) * sizeof(float)))) {
  spare_.reserve(spare_max_);
}

RowMemory::~RowMemory() {
  for (float* row : spare_) release(row);
}

RowMemory::Row RowMemory::take(std::shared_ptr<RowMemory> owner) {
  float* row = nullptr;
  {
    const std::lock_guard lock(owner->mutex_);
    if (!owner->spare_.empty()) {
      row = owner->spare_.back();
      owner->spare_.pop_back();
    }
  }
  if (!row) row = static_cast<float*>(::operator new[](owner->size_ * sizeof(float), cache_line));
  return {row, Return{std::move(owner)}};
}

void RowMemory::put(float* row) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (spare_.size() < spare_max_) {
      spare_.push_back(row);
      return;
    }
  }
  release(row);
}

} // namespace lloyal
