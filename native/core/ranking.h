#pragma once

#include <cstddef>
#include <vector>

#include "edits.h"
#include "grammar.h"
#include "logits_row.h"

namespace lloyal {

// The legal tokens of an edited row from the most likely down, ties to the lowest id, found only as far as needed.
//
//   row [n_vocab] ──top window──▶ 256 ──edits, grammar──▶ survivors        not enough? widen(), up to the whole row
//
// Sorting or masking 152k tokens takes 10 to 70 ms; the first window usually answers in less than one.
class Ranking {
 public:
  Ranking(const LogitsRow& row, const Edits& edits, const Grammar* grammar);

  // The first call looks at 256 tokens. Needs !complete().
  void widen();
  // The survivors are all that are legal.
  bool complete() const { return window_ == row_.logits().size(); }
  const std::vector<Candidate>& survivors() const { return survivors_; }
  // No token that was not looked at is more likely. Needs !complete().
  double floor() const { return last_.logit; }
  // With d = logit - shift, over the tokens that are not among the survivors because nobody looked, legal or not.
  // One pass over the row; never the whole less the window, which is noise where a bias or the grammar forbids the
  // tokens that hold most of the mass.
  ExpSums unseen(double shift, double temperature) const;
  // Of all logits that are left. Needs complete(), or no grammar.
  double deviation() const;

 private:
  bool is_unseen(const Candidate& candidate) const { return !complete() && more_likely(last_, candidate); }

  const LogitsRow& row_;
  const Edits& edits_;
  const Grammar* grammar_;
  size_t window_ = 0;
  Candidate last_{}; // of the window, as the row has it
  size_t ties_ = 0;  // tokens of the window with the logit of the last one
  std::vector<Candidate> survivors_;
};

} // namespace lloyal
