#include "utf8.h"

#include <cstdint>

namespace lloyal {
namespace {

struct Lead {
  size_t length; // of the whole sequence; 0 when no sequence begins like this
  uint8_t second_min, second_max;
};

// The second byte's range shuts out overlong forms, surrogates and code points above U+10FFFF (Unicode, table 3-7).
Lead classify(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

} // namespace

Utf8Step utf8_append(const Utf8Pending& before, std::string_view bytes) {
  const std::string all = before.bytes + std::string(bytes);
  Utf8Step step;
  size_t at = 0;
  while (at < all.size()) {
    const Lead lead = classify(static_cast<uint8_t>(all[at]));
    size_t valid = lead.length > 0 ? 1 : 0;
    while (valid > 0 && valid < lead.length && at + valid < all.size()) {
      const auto next = static_cast<uint8_t>(all[at + valid]);
      const bool fits = valid == 1 ? next >= lead.second_min && next <= lead.second_max : next >= 0x80 && next <= 0xBF;
      if (!fits) break;
      ++valid;
    }
    if (valid > 0 && valid == lead.length) {
      step.text.append(all, at, valid);
    } else if (valid > 0 && at + valid == all.size()) {
      step.pending.bytes = all.substr(at);
    } else {
      step.text += "\xEF\xBF\xBD";
    }
    at += valid > 0 ? valid : 1;
  }
  return step;
}

} // namespace lloyal
