#include "token_index.h"

#include <algorithm>

#include "vocab.h"

namespace lloyal {

TokenIndex::TokenIndex(const Vocab& vocab) {
  begins_.push_back(0);
  for (llama_token token = 0; token < vocab.size(); ++token) {
    if (vocab.is_stop(token))
      stops_.push_back(token);
    else
      pool_ += vocab.bytes(token, /*special=*/true);
    begins_.push_back(static_cast<uint32_t>(pool_.size()));
    if (begins_.back() > begins_[begins_.size() - 2]) sorted_.push_back({token, 0});
  }
  std::ranges::sort(sorted_, [&](const Entry& a, const Entry& b) { return bytes(a.token) < bytes(b.token); });
  std::string_view before;
  for (Entry& entry : sorted_) {
    const std::string_view now = bytes(entry.token);
    entry.shared = static_cast<uint32_t>(std::ranges::mismatch(before, now).in1 - before.begin());
    longest_ = std::max(longest_, now.size());
    before = now;
  }
}

} // namespace lloyal
