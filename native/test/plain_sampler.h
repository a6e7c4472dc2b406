#pragma once

#include <map>
#include <vector>

#include "edits.h"
#include "sampler.h"

namespace lloyal::test {

// All that a distribution depends on.
struct Situation {
  std::vector<float> logits;
  std::vector<TokenBias> bias = {}, steer = {};
  std::vector<llama_token> history = {}; // what was committed, oldest first
  SamplingParams params = {};
  double mu = 10;
  const Grammar* grammar = nullptr;
  std::vector<bool> legal = {}; // what the grammar allows, by token; empty for everything

  void bind(const Grammar& to);
};

struct Chance {
  llama_token id;
  double logit;
  double probability;
};

// The sampler as its definition says: one pass after the other over the whole vocabulary, in doubles, with a full sort.
// Slow, and plain enough to be right. What is left, from the highest logit down; empty for nothing.
std::vector<Chance> plain_distribution(const Situation& situation, double coin);
llama_token plain_draw(const std::vector<Chance>& chances, double u);

// For each token that followed an earlier occurrence of the window's end: how much of the end. Quadratic.
std::map<llama_token, size_t> plain_repetitions(const std::vector<llama_token>& window,
                                                const std::vector<llama_token>& breakers);

// The same question to the sampler itself.
struct Fast {
  explicit Fast(const Situation& situation);
  Choice choice() const { return {*row, edits, grammar, params, mu}; }

  std::shared_ptr<const LogitsRow> row;
  SamplingParams params;
  double mu;
  const Grammar* grammar;
  Edits edits;
};

} // namespace lloyal::test
