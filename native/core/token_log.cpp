#include "token_log.h"

#include <algorithm>

namespace lloyal {

TokenLog TokenLog::with(llama_token token) const {
  const bool is_full = !last_ || last_->tokens.size() == block_size;
  auto block = is_full ? std::make_shared<Block>(Block{{}, last_}) : std::make_shared<Block>(*last_);
  block->tokens.push_back(token);
  TokenLog next;
  next.last_ = std::move(block);
  return next;
}

std::vector<llama_token> TokenLog::all() const {
  std::vector<llama_token> tokens;
  for (const Block* block = last_.get(); block; block = block->before.get())
    tokens.insert(tokens.end(), block->tokens.rbegin(), block->tokens.rend());
  std::reverse(tokens.begin(), tokens.end());
  return tokens;
}

} // namespace lloyal
