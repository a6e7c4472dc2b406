#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "llama.h"
#include "token_index.h"

namespace lloyal {

struct StructuralToken {
  llama_token token;
  std::string text;
};

// Tokens to bytes and back. Thread-safe, as llama_vocab is; borrowed from a living Model.
class Vocab {
 public:
  explicit Vocab(const llama_vocab* vocab) : vocab_(vocab), tokens_(*this) {}
  // Tokens that the model file says are never to be drawn.
  std::span<const llama_token> suppressed() const;

  const llama_vocab* get() const { return vocab_; }
  int32_t size() const { return llama_vocab_n_tokens(vocab_); }
  bool contains(llama_token token) const { return token >= 0 && token < size(); }
  // The token to put before an empty sequence, where the model wants one.
  std::optional<llama_token> bos() const;
  bool is_stop(llama_token token) const { return llama_vocab_is_eog(vocab_, token); }
  std::vector<StructuralToken> structural() const;

  // No BOS is added. text: at most INT32_MAX bytes.
  std::vector<llama_token> tokenize(std::string_view text, bool parse_special) const;
  // One token's bytes, often less than a code point. Structural tokens give their literal only with `special`.
  std::string bytes(llama_token token, bool special) const;

  const TokenIndex& tokens() const { return tokens_; }

 private:
  bool is_structural(llama_token token, const std::string& text) const;

  const llama_vocab* vocab_;
  TokenIndex tokens_;
};

} // namespace lloyal
