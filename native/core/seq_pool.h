#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "llama.h"

namespace lloyal {

// One physical change of the cache: copy a sequence's cells to `to`, or remove those from a position on (`to` is -1).
struct CellOp {
  llama_seq_id seq;
  llama_seq_id to = -1;
  llama_pos from = -1; // -1: all
};

class SeqPool;

// Owns one sequence id. Destruction queues the removal of its cells and then returns the id.
class SeqLease {
 public:
  SeqLease(SeqPool& pool, llama_seq_id id) : pool_(&pool), id_(id) {}
  SeqLease(SeqLease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), id_(other.id_) {}
  SeqLease& operator=(SeqLease&& other) noexcept;
  SeqLease(const SeqLease&) = delete;
  SeqLease& operator=(const SeqLease&) = delete;
  ~SeqLease();

  llama_seq_id id() const { return id_; }

 private:
  SeqPool* pool_;
  llama_seq_id id_;
};

// The ids in [0, n_seq_max) and the cell operations that wait for the next batch.
//
// An id may be leased again as soon as its removal is queued: operations run in order, so the removal always runs
// before anything that the new owner asks for.
class SeqPool {
 public:
  explicit SeqPool(uint32_t n_seq_max);

  bool empty() const { return free_.empty(); }
  SeqLease acquire(); // needs !empty()
  void queue(CellOp op) { queued_.push_back(op); }
  std::vector<CellOp> take_queued() { return std::exchange(queued_, {}); }

 private:
  friend class SeqLease;
  void release(llama_seq_id id);

  std::vector<llama_seq_id> free_; // highest first, so that the lowest is popped
  std::vector<CellOp> queued_;
};

} // namespace lloyal
