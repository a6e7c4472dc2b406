#include "decode.h"

#include <algorithm>

#include "attention_backend.h"
#include "cell_count.h"
#include "log_capture.h"

namespace lloyal {
namespace {

// After any other, llama.cpp may have begun to move and to write states.
bool is_untouched(int32_t result) {
  return result == 1 || result == -1;
}

} // namespace

// A state has no past: what a call does to it is undone by a copy from before. The copy shares cells and state with
// the original until one of them goes on, so it costs a pass over the cells and, while the call lasts, one state.
void Decoder::begin(std::span<const CellOp> ops, std::span<const Anchor> anchors) {
  llama_memory_t memory = context_.memory();
  for (const llama_seq_id copy : std::exchange(copies_, {})) llama_memory_seq_rm(memory, copy, -1, -1);
  for (const CellOp& op : ops) {
    if (op.to < 0)
      llama_memory_seq_rm(memory, op.seq, op.from, -1);
    else
      llama_memory_seq_cp(memory, op.seq, op.to, -1, -1);
  }
  if (!context_.model().has_state()) return;
  for (const Anchor& anchor : anchors) {
    copies_.push_back(copy_of(anchor.seq));
    llama_memory_seq_cp(memory, anchor.seq, copies_.back(), -1, -1);
  }
}

void Decoder::trim(llama_seq_id seq, llama_pos position) {
  llama_memory_seq_rm(context_.memory(), seq, position, -1);
}

llama_seq_id Decoder::copy_of(llama_seq_id seq) const {
  return seq + static_cast<llama_seq_id>(context_.limits().n_seq_max);
}

// llama.cpp answers some of these with an abort of the process, and accepts sequence ids it should not.
Status Decoder::check_limits(std::span<const Row> rows) const {
  const ContextLimits& limits = context_.limits();
  if (rows.empty() || rows.size() > limits.n_batch)
    return {Code::invalid_argument, "a batch holds 1 to nBatch rows", {{"rows", static_cast<int64_t>(rows.size())}}};
  uint32_t outputs = 0;
  for (const Row& row : rows) {
    if (!context_.model().vocab().contains(row.token))
      return {Code::invalid_argument, "there is no such token", {{"token", row.token}, {"nVocab", limits.n_vocab}}};
    if (row.seq < 0 || static_cast<uint32_t>(row.seq) >= limits.n_seq_max)
      return {Code::invalid_argument, "there is no such sequence", {{"sequence", row.seq}}};
    outputs += row.wants_logits ? 1 : 0;
  }
  if (outputs > limits.n_seq_max + limits.draft_rows)
    return {Code::invalid_argument, "more rows want logits than a batch gives", {{"rows", outputs}}};
  return {};
}

Status Decoder::decode(std::span<const Row> rows, const char* doing,
                       std::vector<std::shared_ptr<const LogitsRow>>& rows_out) {
  if (Status status = check_limits(rows); !status.ok()) return status;
  if (Status status = check_lost(rows.size(), doing); !status.ok()) return status;
  if (context_.abort) return explain(2, rows.size(), doing, "aborted");
  const LogCapture log;
  Batch batch(rows);
  const std::optional<Fault> fault = faults_.next();
  // Until the call has come back: it may end in an exception, for want of memory.
  is_lost_ = context_.model().has_state();
  const int32_t result = timed_decode(batch.view(), fault);
  is_lost_ = context_.model().has_state() && result != 0 && !is_untouched(result);
  if (result != 0) return explain(result, rows.size(), doing, log.text());

  if (fault == Fault::not_finite) return explain(-3, rows.size(), doing, "the logits are not finite");
  const std::vector<std::shared_ptr<const LogitsRow>> copies = copy_rows(rows);
  if (std::ranges::find(copies, nullptr) != copies.end())
    return explain(-3, rows.size(), doing, "the logits are not finite");
  rows_out.insert(rows_out.end(), copies.begin(), copies.end());
  return {};
}

std::vector<std::shared_ptr<const LogitsRow>> Decoder::copy_rows(std::span<const Row> rows) const {
  std::vector<const float*> found;
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].wants_logits) found.push_back(llama_get_logits_ith(context_.get(), static_cast<int32_t>(i)));
  const auto n_vocab = static_cast<size_t>(context_.limits().n_vocab);
  std::vector<std::shared_ptr<const LogitsRow>> copies(found.size());
  context_.workers().for_each(found.size(), [&](size_t i) {
    if (found[i]) copies[i] = LogitsRow::copy({found[i], n_vocab}, row_memory_);
  });
  return copies;
}

// A device may still be computing when llama_decode returns; its rows are read next in any case.
int32_t Decoder::timed_decode(const llama_batch& batch, std::optional<Fault> fault) {
  if (fault == Fault::no_space) return 1;
  std::optional<OwnAttention> attention;
  if (context_.owns_attention()) attention.emplace(&context_.workers_for(batch.n_tokens));
  const auto start = std::chrono::steady_clock::now();
  const int32_t result = llama_decode(context_.get(), batch);
  llama_synchronize(context_.get());
  const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - start;
  decode_ns_ += spent.count();
  return fault == Fault::compute && result == 0 ? -3 : result;
}

Status Decoder::roll_back(std::span<const Anchor> anchors) {
  const bool has_state = context_.model().has_state();
  for (const Anchor& anchor : anchors) {
    const bool removed = llama_memory_seq_rm(context_.memory(), anchor.seq, has_state ? -1 : anchor.position, -1);
    if (has_state) llama_memory_seq_cp(context_.memory(), copy_of(anchor.seq), anchor.seq, -1, -1);
    const llama_pos last = llama_memory_seq_pos_max(context_.memory(), anchor.seq);
    if (!removed || last != anchor.position - 1)
      return {Code::decode_failed, "rollback", {{"status", -100}, {"rows", 0}, {"sequence", anchor.seq}}};
  }
  return {};
}

Status Decoder::check_lost(size_t rows, const char* doing) const {
  if (!is_lost_) return {};
  return explain(-101, rows, doing, "an earlier failure has spoilt the cache; open a new context");
}

Result<SavedCells> Decoder::save(llama_seq_id seq, llama_pos from, llama_pos end) const {
  if (Status status = check_lost(0, "save"); !status.ok()) return status;
  return save_cells(context_, seq, from, end);
}

Status Decoder::restore(const SavedCells& saved, llama_seq_id seq, llama_seq_id prefix) const {
  if (Status status = check_lost(0, "restore"); !status.ok()) return status;
  return restore_cells(context_, saved, seq, prefix);
}

Status Decoder::compact() {
  if (Status status = check_lost(0, "compact"); !status.ok()) return status;
  is_lost_ = !compact_cells(context_);
  return check_lost(0, "compact");
}

Status Decoder::check_room(size_t needed, const char* doing) const {
  if (!context_.model().has_cells()) return {};
  const int64_t used = count_cells(context_);
  const int64_t available = static_cast<int64_t>(context_.limits().n_ctx) - used;
  if (used < 0 || static_cast<int64_t>(needed) <= available) return {};
  return {Code::kv_exhausted, doing, {{"needed", static_cast<int64_t>(needed)}, {"available", available}}};
}

Status Decoder::explain(int32_t result, size_t rows, const char* doing, std::string log) const {
  if (result == 1) {
    const int64_t available = static_cast<int64_t>(context_.limits().n_ctx) - count_cells(context_);
    return {Code::kv_exhausted, doing, {{"needed", static_cast<int64_t>(rows)}, {"available", available}}, log};
  }
  Facts facts{{"status", result}, {"rows", static_cast<int64_t>(rows)}};
  if (is_lost_) facts.emplace_back("lost", 1);
  return {Code::decode_failed, doing, std::move(facts), std::move(log)};
}

} // namespace lloyal
