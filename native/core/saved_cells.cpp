#include "saved_cells.h"

#include <cstring>
#include <optional>

#include "cell_count.h"
#include "log_capture.h"

namespace lloyal {
namespace {

// The one id beyond those that are leased; see Context.
llama_seq_id scratch_of(const Context& context) {
  return static_cast<llama_seq_id>(context.limits().n_seq_max);
}

// A saved sequence begins with one entry per cell (of the layers that see everything, where there are two kinds):
//
//   u32 magic | i32 sequence | u32 streams: 1 | u32 cells | per cell i32 position, u32 owners: 1, i32 owner | tensors …
//
// A recurrent model's has one state in place of cells, with no owners, and no streams. llama.cpp asserts some of what
// it reads here, so it sees only what is known to be right. All that follows it compares with its own tensors and
// refuses.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool next(int64_t expected) {
    const auto value = any();
    return value && *value == static_cast<uint32_t>(expected);
  }
  std::optional<uint32_t> any() {
    uint32_t value;
    if (bytes_.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
};

// Models with positions of several dimensions write three numbers more for each cell.
int extras_of(const Model& model) {
  const llama_rope_type type = llama_model_rope_type(model.get());
  return type == LLAMA_ROPE_TYPE_MROPE || type == LLAMA_ROPE_TYPE_IMROPE || type == LLAMA_ROPE_TYPE_VISION ? 3 : 0;
}

// Cells are written as they lie in the cache, so their positions come in any order, but each of them once.
bool are_all_there(Reader& reader, const SavedCells& saved, int extras) {
  std::vector<bool> seen(static_cast<size_t>(saved.end - saved.from));
  for (size_t i = 0; i < seen.size(); ++i) {
    const auto position = reader.any();
    const int64_t at = static_cast<int64_t>(position.value_or(0)) - saved.from;
    if (!position || at < 0 || at >= static_cast<int64_t>(seen.size()) || seen[static_cast<size_t>(at)]) return false;
    seen[static_cast<size_t>(at)] = true;
    if (!reader.next(1)) return false;
    for (int left = extras + 1; left > 0; --left)
      if (!reader.any()) return false;
  }
  return true;
}

bool is_well_formed(const Model& model, const SavedCells& saved) {
  Reader reader(saved.bytes);
  if (!reader.any() || !reader.any()) return false;
  if (!model.has_cells()) return reader.next(1) && reader.next(saved.end - 1) && reader.next(0);
  return reader.next(1) && reader.next(saved.end - saved.from) && are_all_there(reader, saved, extras_of(model));
}

Status invalid(const char* what, std::string log = {}) {
  return {Code::state_invalid, what, {}, std::move(log)};
}

Status refuse_part(const Model& model, llama_pos from) {
  if (from == 0 || can_save_part(model)) return {};
  return {Code::invalid_argument, "sequences of this model are saved from their beginning", {{"from", from}}};
}

Status check_room(const Context& context, const SavedCells& saved) {
  if (!context.model().has_cells()) return {};
  const int64_t needed = saved.end - saved.from;
  const int64_t available = static_cast<int64_t>(context.limits().n_ctx) - count_cells(context);
  if (needed <= available) return {};
  return {Code::kv_exhausted, "restore", {{"needed", needed}, {"available", available}}};
}

} // namespace

bool can_save_part(const Model& model) {
  return !model.has_state() && model.swa_window() == 0;
}

Result<SavedCells> save_cells(const Context& context, llama_seq_id seq, llama_pos from, llama_pos end) {
  if (Status status = refuse_part(context.model(), from); !status.ok()) return status;
  if (from < 0 || from > end)
    return Status{Code::invalid_argument, "the part to save is not within the sequence", {{"from", from}}};
  SavedCells saved{from, end, {}};
  if (from == end) return saved;
  llama_memory_t memory = context.memory();
  const llama_seq_id part = from == 0 ? seq : scratch_of(context);
  if (part != seq) llama_memory_seq_cp(memory, seq, part, from, -1);
  const LogCapture log;
  size_t written = 0;
  try {
    saved.bytes.resize(llama_state_seq_get_size(context.get(), part));
    written = llama_state_seq_get_data(context.get(), saved.bytes.data(), saved.bytes.size(), part);
  } catch (const std::exception&) { // no memory
    saved.bytes.clear();
  }
  if (part != seq) llama_memory_seq_rm(memory, part, -1, -1);
  if (written == 0 || written != saved.bytes.size())
    return Status{Code::decode_failed, "save", {{"status", -1}, {"rows", end - from}}, log.text()};
  return saved;
}

Status restore_cells(const Context& context, const SavedCells& saved, llama_seq_id seq, llama_seq_id prefix) {
  if (Status status = refuse_part(context.model(), saved.from); !status.ok()) return status;
  if (saved.from < 0 || saved.from > saved.end) return invalid("the saved part ends before it begins");
  llama_memory_t memory = context.memory();
  if (saved.from < saved.end) {
    if (!is_well_formed(context.model(), saved)) return invalid("the saved cells are not those of the saved tokens");
    if (Status status = check_room(context, saved); !status.ok()) return status;
    const LogCapture log;
    const size_t read = llama_state_seq_set_data(context.get(), saved.bytes.data(), saved.bytes.size(), seq);
    if (read != saved.bytes.size() || llama_memory_seq_pos_max(memory, seq) != saved.end - 1) {
      llama_memory_seq_rm(memory, seq, -1, -1);
      return invalid("llama.cpp refused the saved cells", log.text());
    }
  } else if (!saved.bytes.empty()) {
    return invalid("there are saved cells of no token");
  }
  if (saved.from > 0) llama_memory_seq_cp(memory, prefix, seq, 0, saved.from);
  return {};
}

bool compact_cells(const Context& context) {
  const LogCapture ignored;
  std::vector<uint8_t> bytes(llama_state_get_size(context.get()));
  const size_t written = llama_state_get_data(context.get(), bytes.data(), bytes.size());
  return written == bytes.size() && llama_state_set_data(context.get(), bytes.data(), bytes.size()) == written;
}

} // namespace lloyal
