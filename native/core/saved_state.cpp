#include "saved_state.h"

#include <algorithm>
#include <cmath>

namespace lloyal {
namespace {

std::vector<TokenBias> listed(const Biases& biases) {
  return biases ? *biases : std::vector<TokenBias>();
}

Biases shared(const std::vector<TokenBias>& biases) {
  return biases.empty() ? nullptr : std::make_shared<const std::vector<TokenBias>>(biases);
}

Status wrong(const char* what) {
  return {Code::invalid_argument, what};
}

Status check(const Vocab& vocab, const SavedState& saved) {
  if (saved.position < 0) return wrong("a position is not negative");
  if (!saved.row.empty() && saved.row.size() != static_cast<size_t>(vocab.size()))
    return wrong("a row has a logit for each token");
  if (saved.window.size() > TokenWindow::capacity) return wrong("the penalty window is too long");
  const auto knows = [&](llama_token token) { return vocab.contains(token); };
  if (!std::ranges::all_of(saved.window, knows)) return wrong("the penalty window holds no token");
  if (!std::ranges::all_of(saved.sampling.dry_breakers, knows)) return wrong("a DRY breaker is no token");
  for (const std::vector<TokenBias>* biases : {&saved.bias, &saved.steer})
    for (const TokenBias& entry : *biases)
      if (!knows(entry.token) || !(entry.bias < INFINITY))
        return wrong("a bias is a number below Infinity for a token");
  return {};
}

// From the start of the grammar through all that it has heard.
Result<BranchState> led(const Vocab& vocab, GrammarShelf& grammars, const SavedState::GrammarWay& way) {
  auto start = grammars.get(way.source.gbnf);
  if (!start.ok()) return start.status();
  BranchState before;
  before.utf8 = way.source.utf8;
  auto state = constrained(vocab, before, std::move(start.value()), way.source);
  for (size_t i = 0; i < way.heard.size() && state.ok(); ++i) {
    const llama_token token = way.heard[i];
    if (token == GrammarHistory::prefill)
      state = prefilled(state.value(), 0);
    else if (vocab.contains(token))
      state = heard(vocab, state.value(), token);
    else
      return wrong("the grammar has heard no token");
  }
  return state;
}

} // namespace

SavedState saved(const BranchState& state) {
  SavedState out;
  out.position = state.position;
  if (state.row) out.row.assign(state.row->logits().begin(), state.row->logits().end());
  out.sampling = state.sampling;
  out.bias = listed(state.bias);
  out.steer = listed(state.steer);
  const auto window = state.window.last(TokenWindow::capacity);
  out.window.assign(window.begin(), window.end());
  out.mu = state.mu;
  out.commits = state.commits;
  out.draws = state.draws;
  out.utf8 = state.utf8.bytes;
  out.surprisals = state.surprisals;
  if (state.history.source) out.grammar = {*state.history.source, state.history.heard.all()};
  return out;
}

Result<BranchState> revived(const Vocab& vocab, GrammarShelf& grammars, const SavedState& saved) {
  if (Status status = check(vocab, saved); !status.ok()) return status;
  BranchState state;
  if (saved.grammar) {
    auto grammar = led(vocab, grammars, *saved.grammar);
    if (!grammar.ok()) return grammar;
    state.grammar = std::move(grammar.value().grammar);
    state.lazy = std::move(grammar.value().lazy);
    state.history = std::move(grammar.value().history);
  }
  if (!saved.row.empty()) {
    state.row = LogitsRow::copy(saved.row);
    if (!state.row) return wrong("no logit of the row is finite");
  }
  state.position = saved.position;
  state.sampling = saved.sampling;
  state.bias = shared(saved.bias);
  state.steer = shared(saved.steer);
  state.window = TokenWindow(saved.window);
  state.mu = saved.mu;
  state.commits = saved.commits;
  state.draws = saved.draws;
  state.utf8.bytes = saved.utf8;
  state.surprisals = saved.surprisals;
  return state;
}

} // namespace lloyal
