#include "flight.h"

#include <algorithm>

namespace lloyal {
namespace {

Status fly_prefill(Decoder& decoder, Flight& flight) {
  std::vector<EntrySize> sizes;
  size_t total = 0;
  for (const FlightEntry& entry : flight.entries) {
    sizes.push_back({entry.done ? 0 : entry.tokens.size(), entry.n_batch, static_cast<size_t>(entry.start)});
    total += sizes.back().length;
  }
  // Before the first batch, not after some of them: a prefill that cannot fit should cost nothing.
  if (Status status = decoder.check_room(total, "prefill"); !status.ok()) return status;

  std::vector<std::shared_ptr<const LogitsRow>> captured;
  std::vector<size_t> captured_for;
  const ContextLimits& limits = decoder.context().limits();
  for (const auto& pieces : limits.deterministic ? cut(sizes, limits.n_ubatch) : pack(sizes, limits.n_batch)) {
    std::vector<Row> rows;
    for (const Piece& piece : pieces) {
      const FlightEntry& entry = flight.entries[piece.entry];
      for (size_t i = piece.begin; i < piece.end; ++i) {
        const bool last = i + 1 == entry.tokens.size();
        rows.push_back({entry.tokens[i], entry.start + static_cast<llama_pos>(i), entry.seq, last});
        if (last) captured_for.push_back(piece.entry);
      }
    }
    if (Status status = decoder.decode(rows, "prefill", captured); !status.ok()) return status;
  }
  for (FlightEntry& entry : flight.entries)
    if (!entry.done) entry.state = prefilled(entry.state, entry.tokens.size());
  for (size_t i = 0; i < captured.size(); ++i) flight.entries[captured_for[i]].state.row = std::move(captured[i]);
  return {};
}

// Draws along the rows of an entry for as long as its guesses are what is drawn. What could not be drawn behind a guess
// is left to the tick that writes it: the guess was none then.
Status follow(const Vocab& vocab, FlightEntry& entry, BranchState state,
              std::span<const std::shared_ptr<const LogitsRow>> rows) {
  for (size_t i = 0;; ++i) {
    state.row = rows[i];
    auto produced = produce(vocab, state);
    if (!produced.ok()) return i == 0 ? produced.status() : Status{};
    const auto& [token, text, is_stop, surprisal] = produced.value();
    state.memo = produced.value();
    entry.produced.push_back(produced.value());
    ++entry.fresh;
    entry.state = std::move(state);
    if (is_stop || i == entry.draft.size() || entry.draft[i] != token) return {};
    auto next = committed(vocab, entry.state, token);
    if (!next.ok()) return {};
    entry.passed.push_back(entry.state);
    state = std::move(next.value());
  }
}

Status fly_tick(Decoder& decoder, Flight& flight) {
  const Vocab& vocab = decoder.context().model().vocab();
  std::vector<FlightEntry*> flying;
  std::vector<BranchState> next;
  std::vector<Row> rows;
  std::vector<size_t> first_rows;
  for (FlightEntry& entry : flight.entries) {
    if (entry.seq >= 0 && entry.has_cells_to_lose()) decoder.trim(entry.seq, entry.state.position);
    entry.end = 0;
    if (entry.done) continue;
    const llama_token token = entry.next_token();
    auto state = committed(vocab, entry.state, token);
    if (!state.ok()) return state.status();
    flying.push_back(&entry);
    next.push_back(std::move(state.value()));
    first_rows.push_back(rows.size());
    rows.push_back({token, entry.state.position, entry.seq, true});
    // The last token that an entry produces is not written.
    entry.draft.resize(std::min(entry.draft.size(), flight.max_tokens - entry.produced.size() - 1));
    for (const llama_token guess : entry.draft) rows.push_back({guess, rows.back().pos + 1, entry.seq, true});
    entry.end = rows.back().pos + 1;
    entry.fresh = 0;
    entry.passed.clear();
  }
  // One ubatch, so that llama.cpp itself fails or succeeds as a whole.
  if (rows.size() > decoder.context().limits().n_ubatch)
    return {
        Code::invalid_argument, "a commit holds at most nUbatch rows", {{"rows", static_cast<int64_t>(rows.size())}}};

  const size_t guesses = rows.size() - flying.size();
  if (guesses > decoder.context().limits().draft_rows)
    return {Code::invalid_argument,
            "a batch holds at most draftRows guesses",
            {{"guesses", static_cast<int64_t>(guesses)}}};

  std::vector<std::shared_ptr<const LogitsRow>> captured;
  if (Status status = decoder.decode(rows, name_of(flight.kind), captured); !status.ok()) return status;
  std::vector<Status> outcomes(flying.size());
  decoder.context().workers().for_each(flying.size(), [&](size_t i) {
    FlightEntry& entry = *flying[i];
    if (flight.kind == FlightKind::commit) {
      entry.state = std::move(next[i]);
      entry.state.row = captured[i];
      return;
    }
    outcomes[i] = follow(vocab, entry, std::move(next[i]), std::span(captured).subspan(first_rows[i]));
    entry.draft.clear();
    entry.done =
        !entry.produced.empty() && (entry.produced.back().is_stop || entry.produced.size() == flight.max_tokens);
  });
  for (Status& outcome : outcomes)
    if (!outcome.ok()) return std::move(outcome);
  return {};
}

} // namespace

const char* name_of(FlightKind kind) {
  switch (kind) {
  case FlightKind::prefill:
    return "prefill";
  case FlightKind::commit:
    return "commit";
  default:
    return "run";
  }
}

void FlightEntry::keep(size_t count) {
  if (count == fresh) return;
  produced.erase(produced.end() - static_cast<std::ptrdiff_t>(fresh - count), produced.end());
  state = passed[count - 1];
  fresh = count;
}

bool Flight::has_next_tick() const {
  return std::any_of(entries.begin(), entries.end(), [](const FlightEntry& entry) { return !entry.done; });
}

std::vector<Anchor> Flight::anchors() const {
  std::vector<Anchor> anchors;
  for (const FlightEntry& entry : entries)
    if (entry.seq >= 0) anchors.push_back({entry.seq, entry.start});
  return anchors;
}

void fly(Decoder& decoder, Flight& flight, int ticks) {
  if (!flight.begun) decoder.begin(flight.ops, flight.anchors());
  flight.begun = true;
  for (int tick = 0; tick < ticks; ++tick) {
    for (size_t i = 0; i < flight.entries.size(); ++i)
      if (flight.deaths->dead[i]) flight.entries[i].done = true;
    if (!flight.has_next_tick()) return;
    Status status = flight.kind == FlightKind::prefill ? fly_prefill(decoder, flight) : fly_tick(decoder, flight);
    if (!status.ok()) return abandon(decoder, flight, std::move(status));
  }
}

void abandon(Decoder& decoder, Flight& flight, Status why) {
  // A call that never began has cell operations of others to run.
  if (!flight.begun) decoder.begin(flight.ops, flight.anchors());
  flight.begun = true;
  for (FlightEntry& entry : flight.entries) entry.produced.clear();
  const Status undone = decoder.roll_back(flight.anchors());
  flight.status = undone.ok() ? std::move(why) : undone;
}

} // namespace lloyal
