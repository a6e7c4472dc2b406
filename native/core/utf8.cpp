#include "utf8.h"

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

std::u32string utf8_decode(std::string_view bytes) {
  Utf8Step step = utf8_append({}, bytes);
  if (!step.pending.bytes.empty()) step.text += "\xEF\xBF\xBD";
  std::u32string out;
  Utf8Partial partial;
  for (const char byte : step.text)
    if (partial.push(static_cast<uint8_t>(byte)) && partial.remaining == 0) out.push_back(partial.value);
  return out;
}

size_t utf8_length(char32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

bool Utf8Partial::push(uint8_t byte) {
  if (remaining == 0) {
    const Lead lead = classify(byte);
    if (lead.length == 0) return false;
    value = lead.length == 1 ? byte : byte & (0x7Fu >> lead.length);
    remaining = static_cast<uint8_t>(lead.length - 1);
    next_min = lead.second_min;
    next_max = lead.second_max;
    return true;
  }
  if (byte < next_min || byte > next_max) return false;
  value = value << 6 | (byte & 0x3Fu);
  --remaining;
  next_min = 0x80;
  next_max = 0xBF;
  return true;
}

char32_t Utf8Partial::lowest() const {
  return (value << 6 | (next_min & 0x3Fu)) << (6 * (remaining - 1));
}

char32_t Utf8Partial::highest() const {
  const int bits = 6 * (remaining - 1);
  return (value << 6 | (next_max & 0x3Fu)) << bits | ((1u << bits) - 1);
}

} // namespace lloyal
