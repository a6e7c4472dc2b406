#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <vector>

#include "branch_state.h"
#include "decode.h"

namespace lloyal {

// An engine-wide name of one lease; never reused.
using SequenceHandle = int64_t;

enum class FlightKind { prefill, commit, run };

struct FlightEntry {
  SequenceHandle handle;
  llama_seq_id seq; // -1: closed before take-off
  std::vector<llama_token> tokens;
  size_t n_batch;    // most of the tokens in one batch
  llama_pos start;   // where it stood on take-off
  BranchState state; // then, and after each tick
  std::vector<Produced> produced;
  bool done = false; // takes no part in the next tick
  // What may follow the token that the next tick writes. They are decoded in the same batch, each with a row; those
  // that the sampler draws as well count as written, the cells of the others go.
  std::vector<llama_token> draft = {};
  // Of the last tick: how many tokens it produced, and the states at which it produced all but the newest of them.
  size_t fresh = 0;
  std::vector<BranchState> passed = {};
  llama_pos end = 0; // of the cells that the last tick has written

  // What the next tick writes.
  llama_token next_token() const { return produced.empty() ? tokens.front() : produced.back().token; }
  // Keeps of the last tick the first `count` that it produced, at least one.
  void keep(size_t count);
  bool has_cells_to_lose() const { return end > state.position; }
};

// Which entries were closed while their batch was in flight. Written by the JavaScript thread, read by the owner.
struct Deaths {
  explicit Deaths(size_t count) : dead(count), living(count) {}
  std::vector<std::atomic<bool>> dead;
  std::atomic<size_t> living;
};

// One call to the engine: all its input as plain values on take-off, all its output on landing. Between the two it
// belongs to the owner thread alone.
struct Flight {
  FlightKind kind;
  std::vector<CellOp> ops; // run before anything else
  std::vector<FlightEntry> entries;
  std::shared_ptr<Deaths> deaths;
  Status status;
  bool begun = false;                                     // it may come back for more ticks
  size_t max_tokens = std::numeric_limits<size_t>::max(); // that an entry produces

  bool has_next_tick() const;
  // Where its sequences stood on take-off.
  std::vector<Anchor> anchors() const;
};

const char* name_of(FlightKind kind);

// Performs a prefill, or up to `ticks` ticks of a commit or run. All or nothing: on a failure every sequence is back
// where it was on take-off, however many ticks ago, and `status` says why.
void fly(Decoder& decoder, Flight& flight, int ticks);

// Takes the cells back to where they were on take-off; landing then keeps the states of before.
void abandon(Decoder& decoder, Flight& flight, Status why);

} // namespace lloyal
