#pragma once

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

} // namespace lloyal
