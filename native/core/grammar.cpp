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

void Grammar::mask(std::vector<Candidate>& candidates) const {
  std::vector<llama_token_data> data;
  data.reserve(candidates.size());
  for (const Candidate& candidate : candidates) data.push_back({candidate.id, 0.0f, 0.0f});
  llama_token_data_array array{data.data(), data.size(), -1, false};
  llama_sampler_apply(automaton_.get(), &array);
  size_t kept = 0;
  for (size_t i = 0; i < data.size(); ++i)
    if (data[i].logit == 0.0f) candidates[kept++] = candidates[i];
  candidates.resize(kept);
}

std::vector<Candidate> Grammar::legal(std::span<const float> logits) const {
  const FirstBytes& first_bytes = vocab_->first_bytes();
  std::vector<Candidate> candidates;
  const auto add = [&](const std::vector<llama_token>& tokens) {
    for (const llama_token token : tokens)
      if (const float logit = logits[static_cast<size_t>(token)]; logit > -INFINITY)
        candidates.push_back({token, logit});
  };
  for (int byte = 0; byte < 256; ++byte) {
    const llama_token single = first_bytes.token_of(static_cast<uint8_t>(byte));
    if (single == LLAMA_TOKEN_NULL || allows(single)) add(first_bytes.beginning_with(static_cast<uint8_t>(byte)));
  }
  add(first_bytes.stops());
  mask(candidates);
  return candidates;
}

bool Grammar::allows(llama_token token) const {
  std::vector<Candidate> one{{token, 0}};
  mask(one);
  return !one.empty();
}

Result<std::shared_ptr<const Grammar>> Grammar::accept(llama_token token) const {
  auto next = std::make_shared<Grammar>(*vocab_, LlamaSamplerPtr(llama_sampler_clone(automaton_.get())));
  if (Status status = next->step(token); !status.ok()) return status;
  return std::shared_ptr<const Grammar>(std::move(next));
}

std::shared_ptr<const Grammar> Grammar::after(std::string_view bytes) const {
  auto next = std::make_shared<Grammar>(*vocab_, LlamaSamplerPtr(llama_sampler_clone(automaton_.get())));
  for (const char byte : bytes) {
    // The automaton takes tokens only. Every vocabulary that llama.cpp generates text with has one for each byte.
    const llama_token token = vocab_->first_bytes().token_of(static_cast<uint8_t>(byte));
    if (token == LLAMA_TOKEN_NULL || !next->step(token).ok()) return nullptr;
  }
  return next;
}

Status Grammar::step(llama_token token) {
  // Ask first: llama.cpp aborts the process when it must accept an end token before the grammar is complete.
  if (!allows(token)) return {Code::grammar_rejected, "the grammar forbids the token", {{"token", token}}};
  try {
    llama_sampler_accept(automaton_.get(), token);
  } catch (const std::exception& error) {
    return {Code::grammar_rejected, error.what(), {{"token", token}}};
  }
  return {};
}

} // namespace lloyal
