#pragma once

#include <vector>

#include "candidate.h"
#include "row_sums.h"

namespace lloyal {

// What the stages of the chain have left. `ranked` is never empty.
struct Left {
  std::vector<Candidate> ranked;
  // Tokens that nobody looked at stand behind `ranked`, none more likely than `floor`.
  bool open = false;
  double floor = 0;
  // Their sums at temperature 1 about `shift`.
  ExpSums unseen;
  double shift = 0;
  // A grammar may forbid any of them: `unseen` is the most that they can be.
  bool bounded = false;

  double weight(double logit) const;
  // At temperature 1, with the unseen.
  double mass() const;
  double entropy() const;
  // Keeps `count` of `ranked`, and nothing unseen.
  void close_at(size_t count);
};

// Each stage cuts as its definition says. It returns false when that takes tokens that nobody has looked at; what it
// was given may then be half cut.
bool top_n_sigma(Left& left, double n, double deviation);
bool top_k(Left& left, size_t k);
bool typical(Left& left, double p);
bool top_p(Left& left, double p);
bool min_p(Left& left, double p);
bool exclude_top_choices(Left& left, double threshold); // XTC
bool mirostat_1(Left& left, double mu, size_t n_vocab);
bool mirostat_2(Left& left, double mu);

} // namespace lloyal
