#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "candidate.h"
#include "gbnf_automaton.h"
#include "llama.h"
#include "status.h"
#include "vocab.h"

namespace lloyal {

class LearntGrammar;

// Where a text stands in a GBNF grammar. Immutable: accepting a token gives the next place, so forks share a pointer
// and a failed decode has nothing to undo. What is learnt of the grammar on the way is shared by all of its places, and
// bounded: 2 MB, and as much again while places of before are held. Safe to use from several threads.
class Grammar {
 public:
  // GRAMMAR_INVALID.
  static Result<std::shared_ptr<const Grammar>> parse(const Vocab& vocab, const std::string& gbnf);

  Grammar(const Vocab& vocab, std::shared_ptr<LearntGrammar> learnt, GbnfAutomaton::Cursor at);

  // Removes every candidate that may not come next. 10 us for 256.
  void mask(std::vector<Candidate>& candidates) const;
  bool allows(llama_token token) const;
  // A copy of a row, shape [n_vocab], in which every token that may not come next has -infinity. The first time at a
  // place 0.1 to 3 ms at 152k tokens, then 0.1 ms.
  std::vector<float> masked(std::span<const float> logits) const;
  // GRAMMAR_REJECTED for a token that may not come next.
  Result<std::shared_ptr<const Grammar>> accept(llama_token token) const;
  // The bytes that must come next, at most `most`; empty where there is a choice or the text may end. About 0.3 us
  // each.
  std::string forced(size_t most) const;
  // The place after this text, however it was tokenised; null where the grammar forbids it.
  std::shared_ptr<const Grammar> after(std::string_view bytes) const;

 private:
  const Vocab* vocab_;
  std::shared_ptr<LearntGrammar> learnt_;
  GbnfAutomaton::Cursor at_;
};

} // namespace lloyal
