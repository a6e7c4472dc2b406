#include "first_bytes.h"

#include "vocab.h"

namespace lloyal {

FirstBytes::FirstBytes(const Vocab& vocab) {
  single_.fill(LLAMA_TOKEN_NULL);
  for (llama_token token = 0; token < vocab.size(); ++token) {
    if (vocab.is_stop(token)) {
      stops_.push_back(token);
      continue;
    }
    const std::string bytes = vocab.bytes(token, /*special=*/true);
    if (bytes.empty()) continue;
    const auto first = static_cast<uint8_t>(bytes.front());
    beginning_[first].push_back(token);
    if (bytes.size() == 1) single_[first] = token;
  }
}

} // namespace lloyal
