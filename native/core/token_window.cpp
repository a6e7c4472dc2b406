#include "token_window.h"

#include <algorithm>

namespace lloyal {

TokenWindow::TokenWindow(std::vector<llama_token> tokens)
    : tokens_(std::make_shared<const std::vector<llama_token>>(std::move(tokens))) {}

TokenWindow TokenWindow::with(llama_token token) const {
  const std::span<const llama_token> kept = last(capacity - 1);
  auto tokens = std::make_shared<std::vector<llama_token>>();
  tokens->reserve(kept.size() + 1);
  tokens->assign(kept.begin(), kept.end());
  tokens->push_back(token);
  TokenWindow next;
  next.tokens_ = std::move(tokens);
  return next;
}

std::span<const llama_token> TokenWindow::last(size_t count) const {
  if (!tokens_) return {};
  return std::span(*tokens_).last(std::min(count, tokens_->size()));
}

} // namespace lloyal
