#pragma once

#include <cstddef>
#include <vector>

#include "grammar.h"
#include "logits_row.h"

namespace lloyal {

// The legal tokens of a row from the most likely down, ties to the lowest id, found only as far as needed.
//
//   row [n_vocab] ──top window──▶ 256 ──grammar──▶ survivors        not enough? widen(), up to the whole row
//
// Sorting or masking 152k tokens takes 10 to 70 ms; the first window usually answers in less than one.
class Ranking {
 public:
  Ranking(const LogitsRow& row, const Grammar* grammar);

  // The first call looks at 256 tokens. Needs !complete().
  void widen();
  // The survivors are all that are legal.
  bool complete() const { return window_ == row_.logits().size(); }
  const std::vector<llama_token_data>& survivors() const { return survivors_; }
  // exp((logit - best) / temperature) summed over the tokens outside the window, legal or not. One pass over the row.
  double unseen_mass(double best, double temperature) const;

 private:
  const LogitsRow& row_;
  const Grammar* grammar_;
  size_t window_ = 0;
  std::vector<llama_token_data> in_window_; // before the grammar
  std::vector<llama_token_data> survivors_;
};

} // namespace lloyal
