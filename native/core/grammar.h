#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "candidate.h"
#include "llama.h"
#include "status.h"
#include "vocab.h"

namespace lloyal {

struct LlamaSamplerDelete {
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using LlamaSamplerPtr = std::unique_ptr<llama_sampler, LlamaSamplerDelete>;

// One state of a GBNF automaton. Immutable: accepting a token gives the next state, so forks share a pointer and a
// failed decode has nothing to undo. Cost of a step: a clone of the automaton, 0.01 to 0.2 ms.
class Grammar {
 public:
  // GRAMMAR_INVALID, with the parser's reason where it logs one.
  static Result<std::shared_ptr<const Grammar>> parse(const Vocab& vocab, const std::string& gbnf);

  Grammar(const Vocab& vocab, LlamaSamplerPtr automaton) : vocab_(&vocab), automaton_(std::move(automaton)) {}

  // Removes every candidate that may not come next.
  void mask(std::vector<Candidate>& candidates) const;
  bool allows(llama_token token) const;
  // Every token that may come next, with its logit from `logits`, unsorted. 1 to 70 ms at 152k tokens: narrow places
  // of a grammar are cheap, free text is dear.
  std::vector<Candidate> legal(std::span<const float> logits) const;
  // GRAMMAR_REJECTED for a token that may not come next.
  Result<std::shared_ptr<const Grammar>> accept(llama_token token) const;
  // The state after this text, however it was tokenised; null where the grammar forbids it.
  std::shared_ptr<const Grammar> after(std::string_view bytes) const;

 private:
  Status step(llama_token token);

  const Vocab* vocab_;
  LlamaSamplerPtr automaton_;
};

} // namespace lloyal
