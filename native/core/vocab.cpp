#include "vocab.h"

namespace lloyal {

std::optional<llama_token> Vocab::bos() const {
  const llama_token bos = llama_vocab_bos(vocab_);
  if (bos == LLAMA_TOKEN_NULL || !llama_vocab_get_add_bos(vocab_)) return std::nullopt;
  return bos;
}

std::span<const llama_token> Vocab::suppressed() const {
  int32_t count = 0;
  const llama_token* first = llama_vocab_get_suppress_tokens(vocab_, &count);
  return {first, static_cast<size_t>(count)};
}

// USER_DEFINED counts: llama.cpp matches such literals in content even with parse_special = false, so a page that
// contains "<tool_call>" would otherwise forge one. Runs of spaces, USER_DEFINED in some files, structure nothing.
bool Vocab::is_structural(llama_token token, const std::string& text) const {
  constexpr int attributes = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN | LLAMA_TOKEN_ATTR_USER_DEFINED;
  if ((llama_vocab_get_attr(vocab_, token) & attributes) == 0) return false;
  return text.find_first_not_of(" \t\r\n") != std::string::npos;
}

std::vector<StructuralToken> Vocab::structural() const {
  std::vector<StructuralToken> found;
  for (llama_token token = 0; token < size(); ++token) {
    std::string text = bytes(token, true);
    if (is_structural(token, text)) found.push_back({token, std::move(text)});
  }
  return found;
}

std::vector<llama_token> Vocab::tokenize(std::string_view text, bool parse_special) const {
  const auto length = static_cast<int32_t>(text.size());
  std::vector<llama_token> tokens(text.size() + 8);
  const auto attempt = [&] {
    const auto capacity = static_cast<int32_t>(tokens.size());
    return llama_tokenize(vocab_, text.data(), length, tokens.data(), capacity, /*add_special=*/false, parse_special);
  };
  int32_t count = attempt();
  if (count < 0) {
    tokens.resize(static_cast<size_t>(-count));
    count = attempt();
  }
  tokens.resize(static_cast<size_t>(count < 0 ? 0 : count));
  return tokens;
}

std::string Vocab::bytes(llama_token token, bool special) const {
  std::string piece(32, '\0');
  const auto attempt = [&] {
    return llama_token_to_piece(vocab_, token, piece.data(), static_cast<int32_t>(piece.size()), 0, /*special=*/true);
  };
  int32_t length = attempt();
  if (length < 0) {
    piece.resize(static_cast<size_t>(-length));
    length = attempt();
  }
  piece.resize(static_cast<size_t>(length < 0 ? 0 : length));
  return special || !is_structural(token, piece) ? piece : "";
}

} // namespace lloyal
