#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "batch.h"
#include "context.h"
#include "fault_plan.h"
#include "logits_row.h"
#include "saved_cells.h"
#include "seq_pool.h"

namespace lloyal {

// Where a sequence stood before a call, to come back to.
struct Anchor {
  llama_seq_id seq;
  llama_pos position;
};

// The only caller of llama_decode and of the cache's sequence operations. Lives on the owner thread.
class Decoder {
 public:
  explicit Decoder(Context& context)
      : context_(context), row_memory_(std::make_shared<RowMemory>(static_cast<size_t>(context.limits().n_vocab))) {}

  // Begins a call: runs what was queued, and keeps a way back to the anchors until the next call begins.
  void begin(std::span<const CellOp> ops, std::span<const Anchor> anchors = {});

  // Takes the cells from `position` on off a sequence without a state.
  void trim(llama_seq_id seq, llama_pos position);

  // One llama_decode. On success `rows_out` gets a row for each that wanted logits, in order. On failure the cache
  // may hold part of the batch: roll_back.
  Status decode(std::span<const Row> rows, const char* doing, std::vector<std::shared_ptr<const LogitsRow>>& rows_out);

  // Takes each sequence back to its anchor, which begin() was given. DECODE_FAILED if llama.cpp then still reports
  // another position.
  Status roll_back(std::span<const Anchor> anchors);

  // As the functions in saved_cells.h, after begin(). DECODE_FAILED where an earlier failure has spoilt the cache.
  Result<SavedCells> save(llama_seq_id seq, llama_pos from, llama_pos end) const;
  Status restore(const SavedCells& saved, llama_seq_id seq, llama_seq_id prefix) const;
  // Also when the cells could not be put back, and then for every later call.
  Status compact();

  // KV_EXHAUSTED when `needed` cells are not free.
  Status check_room(size_t needed, const char* doing) const;

  const Context& context() const { return context_; }

  // Failures on demand. May be used on any thread.
  FaultPlan& faults() { return faults_; }

  // Spent in llama_decode so far, failed calls included. May be read on any thread.
  std::chrono::nanoseconds decode_time() const { return std::chrono::nanoseconds(decode_ns_.load()); }

 private:
  llama_seq_id copy_of(llama_seq_id seq) const;
  Status check_lost(size_t rows, const char* doing) const;
  Status check_limits(std::span<const Row> rows) const;
  Status explain(int32_t result, size_t rows, const char* doing, std::string log) const;

  int32_t timed_decode(const llama_batch& batch, std::optional<Fault> fault);
  // Of those that wanted logits; null where these are not finite.
  std::vector<std::shared_ptr<const LogitsRow>> copy_rows(std::span<const Row> rows) const;

  Context& context_;
  std::shared_ptr<RowMemory> row_memory_;
  FaultPlan faults_;
  std::atomic<int64_t> decode_ns_ = 0;
  std::vector<llama_seq_id> copies_; // that hold a state from before the call
  bool is_lost_ = false;             // the state or cells of any sequence may be wrong
};

} // namespace lloyal
