#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "llama.h"

namespace lloyal {

class Vocab;

// Which byte each token begins with, and which token is exactly one byte.
//
// A grammar that rejects a byte rejects every token that begins with it. So asking about 256 tokens first spares
// asking about most of 152k: inside a forced literal one or two bytes survive, and 40 ms become 1.
class FirstBytes {
 public:
  explicit FirstBytes(const Vocab& vocab);

  // LLAMA_TOKEN_NULL where the vocabulary has no token of just this byte.
  llama_token token_of(uint8_t byte) const { return single_[byte]; }
  // Tokens with at least one byte that begin with it, and do not end a generation.
  const std::vector<llama_token>& beginning_with(uint8_t byte) const { return beginning_[byte]; }
  const std::vector<llama_token>& stops() const { return stops_; }

 private:
  std::array<llama_token, 256> single_;
  std::array<std::vector<llama_token>, 256> beginning_;
  std::vector<llama_token> stops_;
};

} // namespace lloyal
