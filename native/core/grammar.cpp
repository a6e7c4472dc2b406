#include "grammar.h"

#include <cmath>
#include <exception>

#include "grammar_limits.h"
#include "log_capture.h"

namespace lloyal {

Result<std::shared_ptr<const Grammar>> Grammar::parse(const Vocab& vocab, const std::string& gbnf) {
  if (Status status = check_grammar_limits(gbnf); !status.ok()) return status;
  const LogCapture log;
  try {
    LlamaSamplerPtr automaton(llama_sampler_init_grammar(vocab.get(), gbnf.c_str(), "root"));
    if (automaton) return std::make_shared<const Grammar>(vocab, std::move(automaton));
  } catch (const std::exception& error) {
    return Status{Code::grammar_invalid, error.what(), {}, log.text()};
  }
  return Status{Code::grammar_invalid, "the text is not a GBNF grammar with a root rule", {}, log.text()};
}

void Grammar::mask(std::span<llama_token_data> candidates) const {
  llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
  llama_sampler_apply(automaton_.get(), &array);
}

std::vector<llama_token_data> Grammar::legal(std::span<const float> logits) const {
  const FirstBytes& first_bytes = vocab_->first_bytes();
  std::vector<llama_token_data> candidates;
  const auto add = [&](const std::vector<llama_token>& tokens) {
    for (const llama_token token : tokens) candidates.push_back({token, logits[static_cast<size_t>(token)], 0.0f});
  };
  for (int byte = 0; byte < 256; ++byte) {
    const llama_token single = first_bytes.token_of(static_cast<uint8_t>(byte));
    if (single == LLAMA_TOKEN_NULL || allows(single)) add(first_bytes.beginning_with(static_cast<uint8_t>(byte)));
  }
  add(first_bytes.stops());
  mask(candidates);
  std::erase_if(candidates, [](const llama_token_data& candidate) { return !(candidate.logit > -INFINITY); });
  return candidates;
}

bool Grammar::allows(llama_token token) const {
  llama_token_data candidate{token, 0.0f, 0.0f};
  mask({&candidate, 1});
  return candidate.logit == 0.0f;
}

Result<std::shared_ptr<const Grammar>> Grammar::accept(llama_token token) const {
  // Ask first: llama.cpp aborts the process when it must accept an end token before the grammar is complete.
  if (!allows(token)) return Status{Code::grammar_rejected, "the grammar forbids the token", {{"token", token}}};
  LlamaSamplerPtr next(llama_sampler_clone(automaton_.get()));
  try {
    llama_sampler_accept(next.get(), token);
  } catch (const std::exception& error) {
    return Status{Code::grammar_rejected, error.what(), {{"token", token}}};
  }
  return std::make_shared<const Grammar>(*vocab_, std::move(next));
}

} // namespace lloyal
