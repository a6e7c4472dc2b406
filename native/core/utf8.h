#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lloyal {

// Tokens end inside code points. This keeps the 0 to 3 bytes of the one that is not finished yet.
struct Utf8Pending {
  std::string bytes;

  bool operator==(const Utf8Pending&) const = default;
};

struct Utf8Step {
  std::string text; // valid UTF-8: what `bytes` completed; a broken sequence becomes U+FFFD
  Utf8Pending pending;
};

Utf8Step utf8_append(const Utf8Pending& before, std::string_view bytes);

// A broken sequence becomes U+FFFD.
std::u32string utf8_decode(std::string_view bytes);
size_t utf8_length(char32_t c);

// The bits of a code point that is being read.
struct Utf8Partial {
  char32_t value = 0;
  uint8_t remaining = 0; // continuation bytes still to come, 0 to 3
  // The range of the next of them: it shuts out overlong forms, surrogates and code points above U+10FFFF.
  uint8_t next_min = 0x80, next_max = 0xBF;

  // False where no code point can come of it. With none remaining, `value` is the one that was read.
  bool push(uint8_t byte);
  // The code points that may come of it. Needs remaining > 0.
  char32_t lowest() const;
  char32_t highest() const;

  bool operator==(const Utf8Partial&) const = default;
};

} // namespace lloyal
