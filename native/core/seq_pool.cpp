#include "seq_pool.h"

#include <algorithm>
#include <functional>

namespace lloyal {

SeqLease& SeqLease::operator=(SeqLease&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(id_, other.id_);
  return *this;
}

SeqLease::~SeqLease() {
  if (pool_) pool_->release(id_);
}

SeqPool::SeqPool(uint32_t n_seq_max) {
  for (uint32_t id = n_seq_max; id > 0; --id) free_.push_back(static_cast<llama_seq_id>(id - 1));
}

SeqLease SeqPool::acquire() {
  const llama_seq_id id = free_.back();
  free_.pop_back();
  return {*this, id};
}

// Sorted, so that the same calls always lease the same ids: the order of rows in the cache follows from them.
void SeqPool::release(llama_seq_id id) {
  queue({id});
  free_.insert(std::upper_bound(free_.begin(), free_.end(), id, std::greater<>()), id);
}

} // namespace lloyal
