#include "edits.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dry.h"

namespace lloyal {
namespace {

double penalised(double logit, int32_t occurrences, const SamplingParams& params) {
  const double repeated = logit > 0 ? logit / params.repeat_penalty : logit * params.repeat_penalty;
  return repeated - occurrences * params.frequency_penalty - params.presence_penalty;
}

// Finite, so that a token which is the only one left can still be drawn.
constexpr double dry_penalty_max = 1e9;

double dry_penalty(size_t length, const SamplingParams& params) {
  const double exponent = static_cast<double>(length) - params.dry_allowed_length;
  return std::min(params.dry_multiplier * std::pow(params.dry_base, exponent), dry_penalty_max);
}

std::vector<llama_token> sorted(std::span<const llama_token> tokens) {
  std::vector<llama_token> copy(tokens.begin(), tokens.end());
  std::ranges::sort(copy);
  return copy;
}

} // namespace

Edits::Edits(const LogitsRow& row, const Biases& biases, const Biases& steer, const TokenWindow& window,
             const SamplingParams& params) {
  const bool penalises = params.repeat_penalty != 1 || params.frequency_penalty != 0 || params.presence_penalty != 0;
  const std::vector<llama_token> seen =
      penalises ? sorted(window.last(static_cast<size_t>(params.penalty_last_n))) : std::vector<llama_token>();
  std::vector<std::pair<llama_token, size_t>> repeated;
  if (params.dry_multiplier > 0)
    repeated = repetitions(window.last(static_cast<size_t>(params.dry_last_n)), params.dry_breakers);
  std::erase_if(repeated,
                [&](const auto& entry) { return entry.second < static_cast<size_t>(params.dry_allowed_length); });

  std::vector<llama_token> touched = seen;
  for (const Biases& list : {biases, steer})
    if (list)
      for (const TokenBias& entry : *list) touched.push_back(entry.token);
  for (const auto& [token, length] : repeated) touched.push_back(token);
  std::ranges::sort(touched);
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const llama_token token : touched) edited_.push_back({token, row.logits()[static_cast<size_t>(token)]});

  for (const Biases& list : {biases, steer})
    if (list)
      for (const TokenBias& entry : *list) find(entry.token)->logit += entry.bias;
  for (auto first = seen.begin(); first != seen.end();) {
    const auto end = std::upper_bound(first, seen.end(), *first);
    Candidate& candidate = *find(*first);
    candidate.logit = penalised(candidate.logit, static_cast<int32_t>(end - first), params);
    first = end;
  }
  for (const auto& [token, length] : repeated) find(token)->logit -= dry_penalty(length, params);
}

const Candidate* Edits::find(llama_token token) const {
  const auto found = std::ranges::lower_bound(edited_, token, {}, &Candidate::id);
  return found != edited_.end() && found->id == token ? &*found : nullptr;
}

Candidate* Edits::find(llama_token token) {
  return const_cast<Candidate*>(std::as_const(*this).find(token));
}

void Edits::block(llama_token token) {
  if (Candidate* edited = find(token)) {
    edited->logit = -INFINITY;
    return;
  }
  edited_.insert(std::ranges::lower_bound(edited_, token, {}, &Candidate::id), {token, -INFINITY});
}

double Edits::logit(const LogitsRow& row, llama_token token) const {
  const Candidate* edited = find(token);
  return edited ? edited->logit : row.logits()[static_cast<size_t>(token)];
}

} // namespace lloyal
