#include "token_index.h"

#include <algorithm>

#include "utf8.h"
#include "vocab.h"

namespace lloyal {

namespace {

CharKinds kinds_of(std::string_view bytes) {
  CharKinds kinds = 0;
  Utf8Partial partial;
  for (const char each : bytes) {
    const auto byte = static_cast<uint8_t>(each);
    const bool is_ascii = byte < 0x80 && partial.remaining == 0;
    if (!is_ascii && !partial.push(byte)) return broken;
    kinds |= is_ascii ? ascii_kind(byte) : beyond_ascii;
  }
  return partial.remaining == 0 ? kinds : broken;
}

} // namespace

CharKinds ascii_kind(uint8_t byte) {
  const auto kind = [](int number) { return CharKinds{4} << number; };
  if (byte < 0x20 || byte == 0x7f) return kind(0);
  if (byte >= '0' && byte <= '9') return kind(1);
  if (byte >= 'A' && byte <= 'Z') return kind(2);
  if (byte >= 'a' && byte <= 'z') return kind(3);
  // 16 before the digits, 7 before the capitals, 6 before the small letters, 4 after them.
  if (byte < '0') return kind(4 + byte - 0x20);
  if (byte < 'A') return kind(20 + byte - ':');
  return byte < 'a' ? kind(27 + byte - '[') : kind(33 + byte - '{');
}

TokenIndex::TokenIndex(const Vocab& vocab) {
  begins_.push_back(0);
  for (llama_token token = 0; token < vocab.size(); ++token) {
    if (vocab.is_stop(token))
      stops_.push_back(token);
    else
      pool_ += vocab.bytes(token, /*special=*/true);
    begins_.push_back(static_cast<uint32_t>(pool_.size()));
    if (begins_.back() > begins_[begins_.size() - 2]) sorted_.push_back({token, 0, 0});
  }
  std::ranges::sort(sorted_, [&](const Entry& a, const Entry& b) { return bytes(a.token) < bytes(b.token); });
  std::string_view before;
  for (Entry& entry : sorted_) {
    const std::string_view now = bytes(entry.token);
    entry.shared = static_cast<uint32_t>(std::ranges::mismatch(before, now).in1 - before.begin());
    entry.kinds = kinds_of(now);
    longest_ = std::max(longest_, now.size());
    before = now;
  }
}

} // namespace lloyal
