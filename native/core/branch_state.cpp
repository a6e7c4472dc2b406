#include "branch_state.h"

namespace lloyal {
namespace {

std::string generated_bytes(const Vocab& vocab, llama_token token) {
  return vocab.is_stop(token) ? "" : vocab.bytes(token, /*special=*/true);
}

} // namespace

Result<Produced> produce(const Vocab& vocab, const BranchState& state) {
  if (!state.row) return Status{Code::no_logits, "produce"};
  const DrawKey key{state.sampling.seed, 0, state.commits};
  auto token = sample(*state.row, state.grammar.get(), state.sampling, key);
  if (!token.ok()) return token.status();
  const bool is_stop = vocab.is_stop(token.value());
  std::string text = is_stop ? "" : utf8_append(state.utf8, generated_bytes(vocab, token.value())).text;
  return Produced{token.value(), std::move(text), is_stop};
}

Result<BranchState> committed(const Vocab& vocab, const BranchState& state, llama_token token) {
  if (!vocab.contains(token)) return Status{Code::invalid_argument, "there is no such token", {{"token", token}}};
  BranchState next = state;
  if (state.grammar) {
    auto grammar = state.grammar->accept(token);
    if (!grammar.ok()) return grammar.status();
    next.grammar = std::move(grammar.value());
  }
  next.position += 1;
  next.commits += 1;
  next.utf8 = utf8_append(state.utf8, generated_bytes(vocab, token)).pending;
  return next;
}

BranchState prefilled(const BranchState& state, size_t count) {
  BranchState next = state;
  next.position += static_cast<llama_pos>(count);
  // The bytes belong to a text that the prefilled tokens have ended.
  next.utf8 = {};
  return next;
}

} // namespace lloyal
