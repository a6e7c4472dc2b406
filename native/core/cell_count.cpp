#include "cell_count.h"

#include <cstring>
#include <string>
#include <vector>

#include "log_capture.h"

namespace lloyal {
namespace {

std::string architecture(const Context& context) {
  char name[128] = {};
  llama_model_meta_val_str(context.model().get(), "general.architecture", name, sizeof name);
  return name;
}

template <typename T> T read(const uint8_t*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

} // namespace

// llama.cpp has no public count of used cells, but a saved state begins with one:
//
//   u32 length, architecture | u32 streams (1: unified) | u32 cells that are not empty | per cell … | tensors …
//
// A buffer that ends after the count makes it stop there. (With a sliding window
// the full-attention cache is first, and in a hybrid model the cells are before the states.)
int64_t count_cells(const Context& context) {
  if (!context.model().has_cells()) return 0; // the count would be one of states
  const std::string expected = architecture(context);
  std::vector<uint8_t> head(3 * sizeof(uint32_t) + expected.size());
  // It reports the end of the buffer as an error; that is no news here.
  const LogCapture ignored;
  llama_state_get_data(context.get(), head.data(), head.size());

  const uint8_t* at = head.data();
  if (read<uint32_t>(at) != expected.size() || std::memcmp(at, expected.data(), expected.size()) != 0) return -1;
  at += expected.size();
  if (read<uint32_t>(at) != 1) return -1;
  return read<uint32_t>(at);
}

} // namespace lloyal
