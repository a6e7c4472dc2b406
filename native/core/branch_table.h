#pragma once

#include <limits>
#include <optional>
#include <string>
#include <unordered_map>

#include "flight.h"
#include "grammar_shelf.h"
#include "saved_state.h"

namespace lloyal {

struct FlightRequest {
  SequenceHandle handle;
  std::vector<llama_token> tokens;                     // exactly one for a commit or run
  size_t n_batch = std::numeric_limits<size_t>::max(); // most of them in one batch, at least 1
};

// Where the cells of a sequence are, and all else of it.
struct SavedSequence {
  llama_seq_id seq;
  SavedState state;
};

struct RevivedSequence {
  SequenceHandle handle;
  llama_seq_id seq;
};

// The logical side of the cache: handles, leases and states. Belongs to the JavaScript thread, never waits, and
// touches llama.cpp only through queued cell operations. (Lineage is sdk's: here a child is a copy.)
class BranchTable {
 public:
  BranchTable(const Vocab& vocab, uint32_t n_seq_max);

  Result<SequenceHandle> open(const SamplingParams& sampling, const std::optional<std::string>& grammar);
  Result<SequenceHandle> fork(SequenceHandle parent);
  // Handle and lease are free at once, the cells before the next batch. True when a batch in flight now decodes for
  // nobody, and may be aborted.
  bool close(SequenceHandle handle);
  Status set_grammar(SequenceHandle handle, const std::optional<std::string>& grammar);
  Status set_sampling(SequenceHandle handle, const SamplingParams& sampling);
  Status set_lazy_grammar(SequenceHandle handle, const std::string& grammar, std::vector<Trigger> triggers);
  // Entries for one token add up. INVALID_ARGUMENT for an unknown token, NaN, +infinity.
  Status set_logit_bias(SequenceHandle handle, std::vector<TokenBias> biases);
  Status set_steer(SequenceHandle handle, std::vector<TokenBias> biases);
  Status reseed(SequenceHandle handle, uint32_t seed);
  // Into the penalty window, and nowhere else.
  Status accept(SequenceHandle handle, llama_token token);
  Result<Produced> produce(SequenceHandle handle);
  // A further draw at this row, other than produce's. The memo stays.
  Result<llama_token> sample(SequenceHandle handle);
  Result<Surprisals> surprisals(SequenceHandle handle) const;
  Result<std::shared_ptr<const LogitsRow>> row(SequenceHandle handle, const char* doing) const;
  const Vocab& vocab() const { return vocab_; }

  // For work between two flights. BRANCH_DISPOSED.
  Result<SavedSequence> saved(SequenceHandle handle) const;
  // Who holds the cells before `end`, to share them. BRANCH_DISPOSED, INVALID_ARGUMENT when it does not reach that far.
  Result<llama_seq_id> prefix_of(SequenceHandle handle, llama_pos end) const;
  // A sequence in this state, whose cells are still to come. SEQUENCES_EXHAUSTED, and what revived() refuses.
  Result<RevivedSequence> revive(const SavedState& saved);

  // Refuses what could never fly: an unknown handle, one named twice, a missing token.
  Status check(const std::vector<FlightRequest>& requests, FlightKind kind) const;
  // Snapshots the entries and marks them in flight. One flight at a time.
  Flight take_off(FlightKind kind, std::vector<FlightRequest> requests);
  void land(Flight& flight);
  // For work that reads the cache without a flight.
  std::vector<CellOp> take_queued() { return pool_.take_queued(); }

 private:
  struct Slot {
    SeqLease lease;
    BranchState state;
    std::shared_ptr<Deaths> in_flight;
    size_t flight_index = 0;
  };

  Slot* find(SequenceHandle handle);
  const Slot* find(SequenceHandle handle) const;
  Result<Slot*> at_rest(SequenceHandle handle, const char* doing);
  // No text removes the constraint; with triggers it waits. The state is as before where this fails.
  Status constrain(BranchState& state, const std::optional<std::string>& gbnf, std::vector<Trigger> triggers);
  Status check_biases(const std::vector<TokenBias>& biases) const;
  Status check_sampling(const SamplingParams& sampling) const;
  SequenceHandle insert(BranchState state);
  Status exhausted() const;

  const Vocab& vocab_;
  uint32_t n_seq_max_;
  GrammarShelf grammars_;
  SeqPool pool_; // before slots_: leases return to it when they die
  std::unordered_map<SequenceHandle, Slot> slots_;
  SequenceHandle next_handle_ = 1;
};

} // namespace lloyal
