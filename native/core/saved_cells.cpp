#include "saved_cells.h"

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "cell_count.h"
#include "log_capture.h"

namespace lloyal {
namespace {

// The one id beyond those that are leased; see Context.
llama_seq_id scratch_of(const Context& context) {
  return static_cast<llama_seq_id>(context.limits().n_seq_max);
}

// What llama.cpp saves of a sequence, by the kind of its model:
//
//   u32 magic | i32 sequence | cells of the layers that see everything | cells of an index over these |
//   cells of the layers that see a window | a state
//
//   cells   u32 streams: 1 | u32 cells | per cell i32 position, u32 owners: 1, i32 owner | tensors
//   tensors u32 are values transposed | u32 layers | per layer its keys: u32 type, u64 bytes of a row, a row per cell |
//           per layer its values: the same, or, transposed, u32 type, u32 bytes of a number, u32 rows, rows of all
//           cells
//   state   u32 states: 1 | i32 position | u32 owners: 0 | tensors of another form
//
// llama.cpp asserts some of what it reads, so it sees only what is known to be right. Types, layers and sizes it
// compares with its own tensors and refuses; up to the first that differs, each part begins for it where it does here.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_at_end() const { return bytes_.empty(); }
  bool next(int64_t expected) {
    const auto value = any();
    return value && *value == static_cast<uint32_t>(expected);
  }
  std::optional<uint32_t> any() { return number<uint32_t>(); }
  std::optional<uint64_t> any_long() { return number<uint64_t>(); }
  // Of so many bytes each; false when there are fewer.
  bool skip(uint64_t count, uint64_t size) {
    if (size > 0 && count > bytes_.size() / size) return false;
    bytes_ = bytes_.subspan(count * size);
    return true;
  }

 private:
  template <typename T> std::optional<T> number() {
    T value;
    if (bytes_.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }

  std::span<const uint8_t> bytes_;
};

// Models with positions of several dimensions write three numbers more for each cell.
int extras_of(const Model& model) {
  const llama_rope_type type = llama_model_rope_type(model.get());
  return type == LLAMA_ROPE_TYPE_MROPE || type == LLAMA_ROPE_TYPE_IMROPE || type == LLAMA_ROPE_TYPE_VISION ? 3 : 0;
}

// Whether a number of the model's file is there and not 0.
bool says(const Model& model, const char* name) {
  std::array<char, 64> text{};
  llama_model_meta_val_str(model.get(), "general.architecture", text.data(), text.size());
  const std::string key = std::string(text.data()) + "." + name;
  return llama_model_meta_val_str(model.get(), key.c_str(), text.data(), text.size()) > 0 &&
         std::string_view(text.data()) != "0";
}

// Latent attention keeps its values within its keys.
bool has_values(const Model& model) {
  return !says(model, "attention.key_length_mla");
}

// Cells are written as they lie in the cache, so their positions come in any order, but each of them once.
bool are_all_there(Reader& reader, llama_pos from, llama_pos end, int extras) {
  std::vector<bool> seen(static_cast<size_t>(end - from));
  for (size_t i = 0; i < seen.size(); ++i) {
    const auto position = reader.any();
    const int64_t at = static_cast<int64_t>(position.value_or(0)) - from;
    if (!position || at < 0 || at >= static_cast<int64_t>(seen.size()) || seen[static_cast<size_t>(at)]) return false;
    seen[static_cast<size_t>(at)] = true;
    if (!reader.next(1)) return false;
    for (int left = extras + 1; left > 0; --left)
      if (!reader.any()) return false;
  }
  return true;
}

bool skip_tensors(Reader& reader, uint64_t cells, bool has_values) {
  const auto transposed = reader.any(), layers = reader.any();
  if (!layers) return false;
  for (uint32_t i = 0; i < *layers; ++i) {
    const auto type = reader.any();
    const auto row = reader.any_long();
    if (!type || !row || !reader.skip(cells, *row)) return false;
  }
  for (uint32_t i = 0; has_values && i < *layers; ++i) {
    const auto type = reader.any();
    if (!type) return false;
    if (*transposed) {
      const auto number = reader.any(), rows = reader.any();
      if (!rows || !reader.skip(cells * *number, *rows)) return false;
    } else {
      const auto row = reader.any_long();
      if (!row || !reader.skip(cells, *row)) return false;
    }
  }
  return true;
}

// The cells that end where the sequence does: all of them, or as many as a window still shows.
bool skip_cells(Reader& reader, const Model& model, const SavedCells& saved, bool are_all) {
  if (!reader.next(1)) return false;
  const auto count = reader.any();
  const int64_t most = saved.end - saved.from;
  if (!count || *count == 0 || (are_all ? *count != most : *count > most)) return false;
  return are_all_there(reader, saved.end - static_cast<llama_pos>(*count), saved.end, extras_of(model)) &&
         skip_tensors(reader, *count, has_values(model));
}

// False also for a model whose sequences have parts that are not known here.
bool is_well_formed(const Model& model, const SavedCells& saved) {
  Reader reader(saved.bytes);
  if (!reader.any() || !reader.any()) return false;
  if (model.has_cells() && !skip_cells(reader, model, saved, true)) return false;
  if (!model.has_state()) {
    while (!reader.is_at_end())
      if (!skip_cells(reader, model, saved, false)) return false;
    return true;
  }
  if (model.has_cells() && model.swa_window() > 0 && !skip_cells(reader, model, saved, false)) return false;
  // Behind a state, where nothing here would find them, lie the cells of an index.
  const bool has_index = says(model, "attention.indexer.head_count");
  return !has_index && reader.next(1) && reader.next(saved.end - 1) && reader.next(0);
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
  // Better now than when it is to come back.
  if (!is_well_formed(context.model(), saved))
    return Status{Code::invalid_argument,
                  "sequences of this model cannot be saved: what llama.cpp keeps of them has an unknown form"};
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
