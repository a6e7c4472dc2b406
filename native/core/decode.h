#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "batch.h"
#include "context.h"
#include "logits_row.h"
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
  explicit Decoder(Context& context) : context_(context) {}

  void apply(std::span<const CellOp> ops);

  // One llama_decode. On success `rows_out` gets a row for each that wanted logits, in order. On failure the cache
  // may hold part of the batch: roll_back.
  Status decode(std::span<const Row> rows, const char* doing, std::vector<std::shared_ptr<const LogitsRow>>& rows_out);

  // Removes everything at and after each anchor. DECODE_FAILED if llama.cpp then still reports another position.
  Status roll_back(std::span<const Anchor> anchors);

  // KV_EXHAUSTED when `needed` cells are not free.
  Status check_room(size_t needed, const char* doing) const;

  const Context& context() const { return context_; }

  // Spent in llama_decode so far, failed calls included. May be read on any thread.
  std::chrono::nanoseconds decode_time() const { return std::chrono::nanoseconds(decode_ns_.load()); }

 private:
  Status check_limits(std::span<const Row> rows) const;
  Status explain(int32_t result, size_t rows, const char* doing, std::string log) const;

  int32_t timed_decode(const llama_batch& batch);

  Context& context_;
  std::atomic<int64_t> decode_ns_ = 0;
};

} // namespace lloyal
