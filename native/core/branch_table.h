#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "flight.h"

namespace lloyal {

struct FlightRequest {
  SequenceHandle handle;
  std::vector<llama_token> tokens; // exactly one for a commit or run
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
  Result<Produced> produce(SequenceHandle handle);
  Result<std::shared_ptr<const LogitsRow>> row(SequenceHandle handle) const;

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
    std::optional<Produced> memo; // of produce, until anything that it depends on changes
    std::shared_ptr<Deaths> in_flight;
    size_t flight_index = 0;
  };

  Slot* find(SequenceHandle handle);
  const Slot* find(SequenceHandle handle) const;
  Result<Slot*> at_rest(SequenceHandle handle, const char* doing);
  SequenceHandle insert(BranchState state);
  Status exhausted() const;

  const Vocab& vocab_;
  uint32_t n_seq_max_;
  SeqPool pool_; // before slots_: leases return to it when they die
  std::unordered_map<SequenceHandle, Slot> slots_;
  SequenceHandle next_handle_ = 1;
};

} // namespace lloyal
