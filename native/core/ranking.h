#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "edits.h"
#include "grammar.h"
#include "logits_row.h"

namespace lloyal {

// The legal tokens of an edited row from the most likely down, ties to the lowest id, found only as far as needed.
//
//   row [n_vocab] ──top window──▶ 256 ──edits, grammar──▶ survivors        not enough? widen(), up to the whole row
//
// Sorting 152k tokens takes 10 ms; the first window usually answers in less than one. A grammar is asked about the
// tokens of the first window only. Whoever needs more gets the row without the tokens that it forbids.
class Ranking {
 public:
  Ranking(const LogitsRow& row, const Edits& edits, const Grammar* grammar);

  // The first call looks at 256 tokens. Needs !complete().
  void widen();
  // The survivors are all that are legal.
  bool complete() const { return window_ == logits_.size(); }
  const std::vector<Candidate>& survivors() const { return survivors_; }
  // A grammar may forbid tokens that were not looked at.
  bool bounded() const { return grammar_ != nullptr && !complete(); }
  // No token that was not looked at is more likely. Needs !complete().
  double floor() const { return last_.logit; }
  // With d = logit - shift, over the tokens that are not among the survivors because nobody looked; legal or not where
  // bounded(). One pass over the row; never the whole less the window, which is noise where a bias or the grammar
  // forbids the tokens that hold most of the mass.
  ExpSums unseen(double shift, double temperature) const;
  // Of all logits that are left. Needs !bounded().
  double deviation() const;

 private:
  bool is_unseen(const Candidate& candidate) const { return !complete() && more_likely(last_, candidate); }
  void forbid();

  const LogitsRow& row_;
  const Edits& edits_;
  const Grammar* grammar_; // null once `logits_` says what it forbids
  std::vector<float> masked_;
  std::span<const float> logits_; // the row, or `masked_`
  std::vector<Candidate> edited_; // those of the edits that are legal
  size_t window_ = 0;
  Candidate last_{}; // of the window, as the row has it
  size_t ties_ = 0;  // tokens of the window with the logit of the last one
  std::vector<Candidate> survivors_;
};

} // namespace lloyal
