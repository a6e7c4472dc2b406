#include "grammar.h"

#include <bit>
#include <cmath>

#include "gbnf.h"
#include "grammar_limits.h"
#include "learnt_grammar.h"

namespace lloyal {

Result<std::shared_ptr<const Grammar>> Grammar::parse(const Vocab& vocab, const std::string& gbnf) {
  if (Status status = check_grammar_limits(gbnf); !status.ok()) return status;
  auto rules = parse_gbnf(gbnf);
  if (!rules.ok()) return rules.status();
  if (Status status = check_left_recursion(rules.value()); !status.ok()) return status;
  auto learnt = std::make_shared<LearntGrammar>(vocab, std::make_shared<const GbnfProgram>(rules.value()));
  const auto start = learnt->start();
  return std::make_shared<const Grammar>(vocab, std::move(learnt), start);
}

Grammar::Grammar(const Vocab& vocab, std::shared_ptr<LearntGrammar> learnt, GbnfAutomaton::Cursor at)
    : vocab_(&vocab), learnt_(std::move(learnt)), at_(at) {}

void Grammar::mask(std::vector<Candidate>& candidates) const {
  std::erase_if(candidates, [&](const Candidate& candidate) { return !allows(candidate.id); });
}

bool Grammar::allows(llama_token token) const {
  const std::string_view bytes = vocab_->tokens().bytes(token);
  if (vocab_->is_stop(token)) return learnt_->can_end(at_);
  return !bytes.empty() && learnt_->after(at_, bytes).is_legal();
}

std::vector<float> Grammar::masked(std::span<const float> logits) const {
  const std::shared_ptr<const TokenSet> legal = learnt_->legal(at_);
  std::vector<float> out(logits.size(), -INFINITY);
  for (size_t i = 0; i < legal->size(); ++i)
    for (uint64_t word = (*legal)[i]; word != 0; word &= word - 1) {
      const size_t token = i * 64 + static_cast<size_t>(std::countr_zero(word));
      out[token] = logits[token];
    }
  return out;
}

Result<std::shared_ptr<const Grammar>> Grammar::accept(llama_token token) const {
  if (!allows(token)) return Status{Code::grammar_rejected, "the grammar forbids the token", {{"token", token}}};
  // A token that ends the generation leaves the text as it is.
  return after(vocab_->tokens().bytes(token));
}

std::string Grammar::forced(size_t most) const {
  return learnt_->forced(at_, most);
}

std::shared_ptr<const Grammar> Grammar::after(std::string_view bytes) const {
  const auto [learnt, at] = learnt_->renewed(at_);
  const auto next = learnt->after(at, bytes);
  return next.is_legal() ? std::make_shared<const Grammar>(*vocab_, learnt, next) : nullptr;
}

} // namespace lloyal
