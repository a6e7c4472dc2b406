#include "branch_state.h"

#include <cmath>
#include <numbers>

namespace lloyal {
namespace {

Utf8Step written(const Vocab& vocab, const BranchState& state, llama_token token) {
  return utf8_append(state.utf8, vocab.is_stop(token) ? "" : vocab.bytes(token, /*special=*/true));
}

Edits edits_of(const Vocab& vocab, const BranchState& state) {
  Edits edits(*state.row, state.bias, state.steer, state.window, state.sampling);
  for (const llama_token token : vocab.suppressed()) edits.block(token);
  return edits;
}

DrawKey key_of(const BranchState& state, uint32_t draw) {
  return {state.sampling.seed, draw, state.commits};
}

Result<Drawn> drawn(const Vocab& vocab, const BranchState& state, uint32_t draw) {
  if (!state.row) return Status{Code::no_logits, "produce"};
  Edits edits = edits_of(vocab, state);
  const Choice choice{*state.row, edits, state.grammar.get(), state.sampling, state.mu};
  DrawKey key = key_of(state, draw);
  auto result = lloyal::draw(choice, key);
  if (!state.lazy) return result;
  // A waiting grammar forbids next to nothing: asking it about the one token that was drawn, and drawing again in the
  // rare case, costs less than asking about all.
  for (key.use = 2;
       result.ok() && !state.lazy->hear(result.value().token, written(vocab, state, result.value().token)).ok();
       ++key.use) {
    edits.block(result.value().token);
    result = lloyal::draw(choice, key);
  }
  return result;
}

double surprisal_of(const Vocab& vocab, const BranchState& state, llama_token token) {
  if (state.memo && state.memo->token == token) return state.memo->surprisal;
  const Edits edits = edits_of(vocab, state);
  return sampling_surprisal({*state.row, edits, state.grammar.get(), state.sampling, state.mu}, key_of(state, 0),
                            token);
}

// What the token tells of the text so far. A token committed to an empty sequence had no row to be surprising under.
void measure(const Vocab& vocab, BranchState& next, const BranchState& state, llama_token token) {
  if (!state.row) return;
  const double surprisal = surprisal_of(vocab, state, token);
  next.surprisals.count += 1;
  next.surprisals.model += state.row->surprisal(token);
  next.surprisals.sampling += surprisal;
  // A token that the distribution excludes was not drawn from it, and says nothing about mu.
  if (state.sampling.mirostat != 0 && std::isfinite(surprisal))
    next.mu -= state.sampling.mirostat_eta * (surprisal / std::numbers::ln2 - state.sampling.mirostat_tau);
}

} // namespace

Result<Produced> produce(const Vocab& vocab, const BranchState& state) {
  auto result = drawn(vocab, state, 0);
  if (!result.ok()) return result.status();
  const auto [token, surprisal] = result.value();
  const bool is_stop = vocab.is_stop(token);
  return Produced{token, is_stop ? "" : written(vocab, state, token).text, is_stop, surprisal};
}

Result<llama_token> sample(const Vocab& vocab, const BranchState& state, uint32_t draw) {
  auto result = drawn(vocab, state, draw);
  if (!result.ok()) return result.status();
  return result.value().token;
}

Result<BranchState> committed(const Vocab& vocab, const BranchState& state, llama_token token) {
  if (!vocab.contains(token)) return Status{Code::invalid_argument, "there is no such token", {{"token", token}}};
  auto result = heard(vocab, state, token);
  if (!result.ok()) return result;
  BranchState& next = result.value();
  measure(vocab, next, state, token);
  next.position += 1;
  next.commits += 1;
  next.draws = 0;
  next.window = state.window.with(token);
  next.memo.reset();
  return result;
}

Result<BranchState> constrained(const Vocab& vocab, const BranchState& state, std::shared_ptr<const Grammar> start,
                                GrammarHistory::Source source) {
  BranchState next = state;
  next.grammar.reset();
  next.lazy.reset();
  next.memo.reset();
  if (source.triggers.empty()) {
    next.grammar = std::move(start);
  } else {
    auto lazy = LazyGrammar::over(vocab, std::move(start), source.triggers);
    if (!lazy.ok()) return lazy.status();
    next.lazy = std::move(lazy.value());
  }
  next.history = {std::make_shared<const GrammarHistory::Source>(std::move(source)), {}};
  return next;
}

Result<BranchState> heard(const Vocab& vocab, const BranchState& state, llama_token token) {
  BranchState next = state;
  const Utf8Step step = written(vocab, state, token);
  if (state.grammar) {
    auto grammar = state.grammar->accept(token);
    if (!grammar.ok()) return grammar.status();
    next.grammar = std::move(grammar.value());
  } else if (state.lazy) {
    auto said = state.lazy->hear(token, step);
    if (!said.ok()) return said.status();
    next.grammar = std::move(said.value().active);
    next.lazy = std::move(said.value().waiting);
  }
  if (state.history.source) next.history.heard = state.history.heard.with(token);
  next.utf8 = step.pending;
  return next;
}

std::vector<llama_token> forced_behind(const Vocab& vocab, const BranchState& state, llama_token token) {
  constexpr size_t most = 64; // bytes: more than a batch's guesses hold
  if (!state.grammar || !vocab.contains(token)) return {};
  auto next = state.grammar->accept(token);
  if (!next.ok()) return {};
  const std::string bytes = next.value()->forced(most);
  return bytes.empty() ? std::vector<llama_token>() : vocab.tokenize(bytes, /*parse_special=*/false);
}

BranchState prefilled(const BranchState& state, size_t count) {
  BranchState next = state;
  next.position += static_cast<llama_pos>(count);
  // The bytes belong to a text that the prefilled tokens have ended.
  if (next.history.source && !next.utf8.bytes.empty())
    next.history.heard = next.history.heard.with(GrammarHistory::prefill);
  next.utf8 = {};
  next.memo.reset();
  return next;
}

} // namespace lloyal
