#include "branch_table.h"

#include <cmath>
#include <unordered_set>

namespace lloyal {
namespace {

Status disposed(SequenceHandle handle, const char* doing) {
  return {Code::branch_disposed, doing, {{"branch", handle}}};
}

Biases shared(std::vector<TokenBias> biases) {
  return biases.empty() ? nullptr : std::make_shared<const std::vector<TokenBias>>(std::move(biases));
}

Status check_token(const Vocab& vocab, llama_token token) {
  if (vocab.contains(token)) return {};
  return {Code::invalid_argument, "there is no such token", {{"token", token}, {"nVocab", vocab.size()}}};
}

Status on(SequenceHandle handle, Status status) {
  status.facts.emplace_back("branch", handle);
  return status;
}

} // namespace

BranchTable::BranchTable(const Vocab& vocab, uint32_t n_seq_max)
    : vocab_(vocab), n_seq_max_(n_seq_max), grammars_(vocab), pool_(n_seq_max) {}

Result<SequenceHandle> BranchTable::open(const SamplingParams& sampling, const std::optional<std::string>& gbnf) {
  if (pool_.empty()) return exhausted();
  if (Status status = check_sampling(sampling); !status.ok()) return status;
  BranchState state;
  state.sampling = sampling;
  state.mu = sampling.first_mu();
  if (Status status = constrain(state, gbnf, {}); !status.ok()) return status;
  return insert(std::move(state));
}

Result<SequenceHandle> BranchTable::fork(SequenceHandle parent) {
  auto slot = at_rest(parent, "fork");
  if (!slot.ok()) return slot.status();
  if (pool_.empty()) return exhausted();
  const llama_seq_id from = slot.value()->lease.id();
  BranchState state = slot.value()->state;
  if (state.steer) {
    state.steer.reset();
    state.memo.reset();
  }
  const SequenceHandle child = insert(std::move(state));
  pool_.queue({from, slots_.at(child).lease.id()});
  return child;
}

bool BranchTable::close(SequenceHandle handle) {
  const auto found = slots_.find(handle);
  if (found == slots_.end()) return false;
  const std::shared_ptr<Deaths> flight = found->second.in_flight;
  const size_t index = found->second.flight_index;
  // In flight too the lease goes back at once: the removal of its cells is queued, and nothing that is queued runs
  // before the batch has landed, neither the removal nor what the next owner of the id asks for.
  slots_.erase(found);
  if (!flight) return false;
  flight->dead[index] = true;
  return flight->living.fetch_sub(1) == 1;
}

Status BranchTable::set_grammar(SequenceHandle handle, const std::optional<std::string>& gbnf) {
  auto slot = at_rest(handle, "setGrammar");
  if (!slot.ok()) return slot.status();
  return constrain(slot.value()->state, gbnf, {});
}

Status BranchTable::set_lazy_grammar(SequenceHandle handle, const std::string& gbnf, std::vector<Trigger> triggers) {
  auto slot = at_rest(handle, "setLazyGrammar");
  if (!slot.ok()) return slot.status();
  if (triggers.empty()) return {Code::invalid_argument, "a lazy grammar needs at least one trigger"};
  return constrain(slot.value()->state, gbnf, std::move(triggers));
}

Status BranchTable::set_sampling(SequenceHandle handle, const SamplingParams& sampling) {
  auto slot = at_rest(handle, "setSampling");
  if (!slot.ok()) return slot.status();
  if (Status status = check_sampling(sampling); !status.ok()) return status;
  BranchState& state = slot.value()->state;
  state.sampling = sampling;
  state.mu = sampling.first_mu();
  state.memo.reset();
  return {};
}

Status BranchTable::set_logit_bias(SequenceHandle handle, std::vector<TokenBias> biases) {
  auto slot = at_rest(handle, "setLogitBias");
  if (!slot.ok()) return slot.status();
  if (Status status = check_biases(biases); !status.ok()) return status;
  slot.value()->state.bias = shared(std::move(biases));
  slot.value()->state.memo.reset();
  return {};
}

Status BranchTable::set_steer(SequenceHandle handle, std::vector<TokenBias> biases) {
  auto slot = at_rest(handle, "setSteer");
  if (!slot.ok()) return slot.status();
  if (Status status = check_biases(biases); !status.ok()) return status;
  slot.value()->state.steer = shared(std::move(biases));
  slot.value()->state.memo.reset();
  return {};
}

Status BranchTable::reseed(SequenceHandle handle, uint32_t seed) {
  auto slot = at_rest(handle, "reseed");
  if (!slot.ok()) return slot.status();
  BranchState& state = slot.value()->state;
  state.sampling.seed = seed;
  state.draws = 0;
  state.memo.reset();
  return {};
}

Status BranchTable::accept(SequenceHandle handle, llama_token token) {
  auto slot = at_rest(handle, "accept");
  if (!slot.ok()) return slot.status();
  if (Status status = check_token(vocab_, token); !status.ok()) return status;
  BranchState& state = slot.value()->state;
  state.window = state.window.with(token);
  state.memo.reset();
  return {};
}

Result<Produced> BranchTable::produce(SequenceHandle handle) {
  auto slot = at_rest(handle, "produce");
  if (!slot.ok()) return slot.status();
  BranchState& state = slot.value()->state;
  if (state.memo) return *state.memo;
  auto produced = lloyal::produce(vocab_, state);
  if (!produced.ok()) return on(handle, produced.status());
  state.memo = produced.value();
  return produced;
}

Result<llama_token> BranchTable::sample(SequenceHandle handle) {
  auto slot = at_rest(handle, "sample");
  if (!slot.ok()) return slot.status();
  BranchState& state = slot.value()->state;
  auto token = lloyal::sample(vocab_, state, state.draws + 1);
  if (!token.ok()) return on(handle, token.status());
  state.draws += 1;
  return token;
}

Result<Surprisals> BranchTable::surprisals(SequenceHandle handle) const {
  const Slot* slot = find(handle);
  if (!slot) return disposed(handle, "metrics");
  return slot->state.surprisals;
}

Result<std::shared_ptr<const LogitsRow>> BranchTable::row(SequenceHandle handle, const char* doing) const {
  const Slot* slot = find(handle);
  if (!slot) return disposed(handle, doing);
  if (!slot->state.row) return Status{Code::no_logits, doing, {{"branch", handle}}};
  return slot->state.row;
}

Result<SavedSequence> BranchTable::saved(SequenceHandle handle) const {
  const Slot* slot = find(handle);
  if (!slot) return disposed(handle, "save");
  return SavedSequence{slot->lease.id(), lloyal::saved(slot->state)};
}

Result<llama_seq_id> BranchTable::prefix_of(SequenceHandle handle, llama_pos end) const {
  const Slot* slot = find(handle);
  if (!slot) return disposed(handle, "restore");
  if (slot->state.position >= end) return slot->lease.id();
  return Status{Code::invalid_argument,
                "the parent does not reach to where the saved cells begin",
                {{"position", slot->state.position}, {"from", end}}};
}

Result<RevivedSequence> BranchTable::revive(const SavedState& saved) {
  if (pool_.empty()) return exhausted();
  auto state = revived(vocab_, grammars_, saved);
  if (!state.ok()) return state.status();
  const SequenceHandle handle = insert(std::move(state.value()));
  return RevivedSequence{handle, slots_.at(handle).lease.id()};
}

Status BranchTable::check(const std::vector<FlightRequest>& requests, FlightKind kind) const {
  std::unordered_set<SequenceHandle> seen;
  for (const FlightRequest& request : requests) {
    if (!find(request.handle)) return disposed(request.handle, name_of(kind));
    if (!seen.insert(request.handle).second)
      return {Code::invalid_argument, "a sequence is named twice in one call", {{"branch", request.handle}}};
    if (request.tokens.empty())
      return {Code::invalid_argument, "an entry needs at least one token", {{"branch", request.handle}}};
    if (request.n_batch == 0)
      return {Code::invalid_argument, "nBatch must be at least 1", {{"branch", request.handle}}};
  }
  return {};
}

Flight BranchTable::take_off(FlightKind kind, std::vector<FlightRequest> requests) {
  Flight flight{kind, pool_.take_queued(), {}, std::make_shared<Deaths>(requests.size()), {}};
  for (size_t i = 0; i < requests.size(); ++i) {
    FlightEntry entry{requests[i].handle, -1, std::move(requests[i].tokens), requests[i].n_batch, 0, {}, {}};
    if (Slot* slot = find(entry.handle)) {
      entry.seq = slot->lease.id();
      entry.start = slot->state.position;
      entry.state = slot->state;
      slot->in_flight = flight.deaths;
      slot->flight_index = i;
    } else {
      // Closed between the call and its turn: nobody waits for this row.
      entry.done = true;
      flight.deaths->dead[i] = true;
      flight.deaths->living.fetch_sub(1);
    }
    flight.entries.push_back(std::move(entry));
  }
  return flight;
}

void BranchTable::land(Flight& flight) {
  for (size_t i = 0; i < flight.entries.size(); ++i) {
    FlightEntry& entry = flight.entries[i];
    // The same answer whether the close came before or after the row was decoded.
    if (flight.deaths->dead[i]) entry.produced.clear();
    const auto found = slots_.find(entry.handle);
    if (found == slots_.end()) continue;
    Slot& slot = found->second;
    slot.in_flight.reset();
    if (!flight.status.ok()) continue;
    // Behind whatever is in the queue: the branch is at rest from now on, and nobody has forked it meanwhile.
    if (entry.has_cells_to_lose()) pool_.queue({entry.seq, -1, entry.state.position});
    slot.state = std::move(entry.state);
  }
  // Aborted because nobody was left to decode for: that is success.
  if (flight.deaths->living == 0) flight.status = {};
}

BranchTable::Slot* BranchTable::find(SequenceHandle handle) {
  return const_cast<Slot*>(std::as_const(*this).find(handle));
}

const BranchTable::Slot* BranchTable::find(SequenceHandle handle) const {
  const auto found = slots_.find(handle);
  return found == slots_.end() ? nullptr : &found->second;
}

Result<BranchTable::Slot*> BranchTable::at_rest(SequenceHandle handle, const char* doing) {
  Slot* slot = find(handle);
  if (!slot) return disposed(handle, doing);
  if (slot->in_flight) return Status{Code::branch_in_flight, doing, {{"branch", handle}}};
  return slot;
}

Status BranchTable::constrain(BranchState& state, const std::optional<std::string>& gbnf,
                              std::vector<Trigger> triggers) {
  if (!gbnf) {
    state.grammar.reset();
    state.lazy.reset();
    state.history = {};
    state.memo.reset();
    return {};
  }
  auto grammar = grammars_.get(*gbnf);
  if (!grammar.ok()) return grammar.status();
  auto next = constrained(vocab_, state, std::move(grammar.value()), {*gbnf, std::move(triggers), state.utf8});
  if (!next.ok()) return next.status();
  state = std::move(next.value());
  return {};
}

Status BranchTable::check_biases(const std::vector<TokenBias>& biases) const {
  for (const TokenBias& entry : biases) {
    if (Status status = check_token(vocab_, entry.token); !status.ok()) return status;
    if (!(entry.bias < INFINITY))
      return {Code::invalid_argument, "a bias is a number below Infinity", {{"token", entry.token}}};
  }
  return {};
}

Status BranchTable::check_sampling(const SamplingParams& sampling) const {
  for (const llama_token token : sampling.dry_breakers)
    if (Status status = check_token(vocab_, token); !status.ok()) return status;
  return {};
}

SequenceHandle BranchTable::insert(BranchState state) {
  const SequenceHandle handle = next_handle_++;
  slots_.emplace(handle, Slot{pool_.acquire(), std::move(state), {}, 0});
  return handle;
}

Status BranchTable::exhausted() const {
  return {Code::sequences_exhausted, "open or fork", {{"nSeqMax", n_seq_max_}}};
}

} // namespace lloyal
