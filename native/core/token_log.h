#pragma once

#include <memory>
#include <vector>

#include "llama.h"

namespace lloyal {

// Tokens in the order of their coming, all of them. A value, as TokenWindow is: a fork shares what was there before.
// Cost of adding: a copy of at most 64 tokens.
class TokenLog {
 public:
  TokenLog with(llama_token token) const;
  std::vector<llama_token> all() const;

 private:
  static constexpr size_t block_size = 64;
  struct Block {
    std::vector<llama_token> tokens;
    std::shared_ptr<const Block> before;
  };
  std::shared_ptr<const Block> last_;
};

} // namespace lloyal
