#include "sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ranking.h"

namespace lloyal {
namespace {

// What the tokens outside the ranking's window may weigh, at temperature 1 and at the sampling temperature.
struct Unseen {
  double plain = 0;
  double tempered = 0;
};

// The draw, if the survivors of the window decide it under the assumption that unseen legal tokens weigh `unseen`.
//
// Top-k, top-p and min-p each cut a tail off the ranking, so together they keep the shortest head of it. The unseen
// tokens, all less likely than the window, stand at its end.
std::optional<llama_token> draw(const Ranking& ranking, const SamplingParams& params, double u, Unseen unseen) {
  const auto& survivors = ranking.survivors();
  const size_t limit = params.top_k > 0 ? static_cast<size_t>(params.top_k) : std::numeric_limits<size_t>::max();
  const size_t head = std::min(limit, survivors.size());
  const double best = survivors.front().logit;
  const auto weight = [&](size_t i, double t) { return std::exp((survivors[i].logit - best) / t); };
  bool reaches_unseen = head < limit && !ranking.complete();

  double total = reaches_unseen ? unseen.plain : 0;
  if (params.top_p < 1)
    for (size_t i = 0; i < head; ++i) total += weight(i, 1);
  double above = 0;
  double mass = 0;
  size_t kept = 0;
  for (; kept < head; ++kept) {
    const double p = weight(kept, 1);
    if (p < params.min_p || (params.top_p < 1 && above >= params.top_p * total)) {
      reaches_unseen = false;
      break;
    }
    above += p;
    mass += weight(kept, params.temperature);
  }
  if (reaches_unseen) mass += unseen.tempered;

  double rest = u * mass;
  for (size_t i = 0; i < kept; ++i) {
    rest -= weight(i, params.temperature);
    if (rest < 0) return survivors[i].id;
  }
  if (reaches_unseen) return std::nullopt;
  // Rounding can leave a crumb past the last token.
  return survivors[kept - 1].id;
}

// The draw moves down the ranking as the unseen weight grows. So where its least and its greatest possible weight
// give the same token, that is the exact one, and the tail need be neither masked nor sorted to find out.
std::optional<llama_token> decided(const Ranking& ranking, bool has_grammar, const SamplingParams& params, double u) {
  if (ranking.survivors().empty()) return std::nullopt;
  const double best = ranking.survivors().front().logit;
  const bool unlimited = params.top_k <= 0;
  Unseen most;
  if (unlimited || ranking.survivors().size() < static_cast<size_t>(params.top_k)) {
    if (params.top_p < 1) most.plain = ranking.unseen_mass(best, 1);
    most.tempered = ranking.unseen_mass(best, params.temperature);
  }
  Unseen least;
  if (!has_grammar && unlimited) {
    least.plain = most.plain;
    if (params.top_p >= 1 && params.min_p <= 0) least.tempered = most.tempered;
  }
  const auto token = draw(ranking, params, u, most);
  return token && draw(ranking, params, u, least) == token ? token : std::nullopt;
}

} // namespace

Result<llama_token> sample(const LogitsRow& row, const Grammar* grammar, const SamplingParams& params, DrawKey key) {
  const bool greedy = params.temperature <= 0;
  if (greedy && (!grammar || grammar->allows(row.argmax()))) return row.argmax();

  Ranking ranking(row, grammar);
  while (!ranking.complete()) {
    ranking.widen();
    if (greedy) {
      if (!ranking.survivors().empty()) return ranking.survivors().front().id;
    } else if (const auto token = decided(ranking, grammar != nullptr, params, uniform(key))) {
      return *token;
    }
  }
  return Status{Code::grammar_invalid, "the grammar allows no token of this vocabulary here"};
}

} // namespace lloyal
