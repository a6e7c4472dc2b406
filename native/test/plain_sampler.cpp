#include "plain_sampler.h"

#include <algorithm>
#include <cmath>

namespace lloyal::test {
namespace {

using Chances = std::vector<Chance>;

std::vector<llama_token> last(const std::vector<llama_token>& tokens, int32_t count) {
  const auto n = std::min(tokens.size(), static_cast<size_t>(count));
  return {tokens.end() - static_cast<std::ptrdiff_t>(n), tokens.end()};
}

// Probabilities at this temperature.
void normalise(Chances& chances, double temperature = 1) {
  if (chances.empty()) return;
  double best = -INFINITY, total = 0;
  for (const Chance& chance : chances) best = std::max(best, chance.logit);
  for (Chance& chance : chances) total += chance.probability = std::exp((chance.logit - best) / temperature);
  for (Chance& chance : chances) chance.probability /= total;
}

double entropy(const Chances& chances) {
  double sum = 0;
  for (const Chance& chance : chances)
    sum -= chance.probability > 0 ? chance.probability * std::log(chance.probability) : 0;
  return sum;
}

size_t reaching(const Chances& chances, double p) {
  double reached = 0;
  size_t count = 0;
  while (count < chances.size() && reached < p) reached += chances[count++].probability;
  return count;
}

std::vector<double> edited(const Situation& situation) {
  const SamplingParams& params = situation.params;
  std::vector<double> logits(situation.logits.begin(), situation.logits.end());
  for (const TokenBias& entry : situation.bias) logits[static_cast<size_t>(entry.token)] += entry.bias;
  for (const TokenBias& entry : situation.steer) logits[static_cast<size_t>(entry.token)] += entry.bias;
  std::map<llama_token, int> counts;
  for (const llama_token token : last(situation.history, params.penalty_last_n)) ++counts[token];
  for (const auto& [token, count] : counts) {
    double& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / params.repeat_penalty : logit * params.repeat_penalty;
    logit -= count * params.frequency_penalty + params.presence_penalty;
  }
  if (params.dry_multiplier > 0) {
    for (const auto& [token, length] :
         plain_repetitions(last(situation.history, params.dry_last_n), params.dry_breakers)) {
      const int over = static_cast<int>(length) - params.dry_allowed_length;
      if (over >= 0)
        logits[static_cast<size_t>(token)] -= std::min(1e9, params.dry_multiplier * std::pow(params.dry_base, over));
    }
  }
  return logits;
}

void top_n_sigma(Chances& chances, double n) {
  double mean = 0, variance = 0;
  for (const Chance& chance : chances) mean += chance.logit / static_cast<double>(chances.size());
  for (const Chance& chance : chances)
    variance += (chance.logit - mean) * (chance.logit - mean) / static_cast<double>(chances.size());
  const double threshold = chances.front().logit - n * std::sqrt(variance);
  std::erase_if(chances, [&](const Chance& chance) { return chance.logit < threshold; });
}

void typical(Chances& chances, double p) {
  normalise(chances);
  const double h = entropy(chances);
  std::stable_sort(chances.begin(), chances.end(), [&](const Chance& a, const Chance& b) {
    return std::abs(-std::log(a.probability) - h) < std::abs(-std::log(b.probability) - h);
  });
  chances.resize(reaching(chances, p));
  std::stable_sort(chances.begin(), chances.end(), [](const Chance& a, const Chance& b) {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
  });
}

void xtc(Chances& chances, double threshold) {
  normalise(chances);
  std::ptrdiff_t count = 0;
  for (const Chance& chance : chances) count += chance.probability >= threshold ? 1 : 0;
  if (count > 1) chances.erase(chances.begin(), chances.begin() + count - 1);
}

void mirostat_1(Chances& chances, double mu, size_t n_vocab) {
  normalise(chances);
  double products = 0, squares = 0;
  for (size_t i = 0; i + 1 < std::min<size_t>(100, chances.size()); ++i) {
    const double place = std::log(static_cast<double>(i + 2) / static_cast<double>(i + 1));
    products += place * std::log(chances[i].probability / chances[i + 1].probability);
    squares += place * place;
  }
  const double s = products / squares, epsilon = s - 1;
  const double k = std::pow(epsilon * std::pow(2, mu) / (1 - std::pow(static_cast<double>(n_vocab), -epsilon)), 1 / s);
  if (std::isnan(k) || k > static_cast<double>(chances.size())) return;
  chances.resize(std::max<size_t>(1, static_cast<size_t>(k)));
}

void mirostat_2(Chances& chances, double mu) {
  normalise(chances);
  const Chance best = chances.front();
  std::erase_if(chances, [&](const Chance& chance) { return -std::log2(chance.probability) > mu; });
  if (chances.empty()) chances.push_back(best);
}

void cut(Chances& chances, const Situation& situation, double coin) {
  const SamplingParams& params = situation.params;
  if (params.mirostat == 1) return mirostat_1(chances, situation.mu, situation.logits.size());
  if (params.mirostat == 2) return mirostat_2(chances, situation.mu);
  if (params.top_n_sigma > 0) top_n_sigma(chances, params.top_n_sigma);
  if (params.top_k > 0 && chances.size() > static_cast<size_t>(params.top_k))
    chances.resize(static_cast<size_t>(params.top_k));
  if (params.typical_p < 1) typical(chances, params.typical_p);
  if (params.top_p < 1) {
    normalise(chances);
    chances.resize(reaching(chances, params.top_p));
  }
  if (params.min_p > 0) {
    normalise(chances);
    const double least = params.min_p * chances.front().probability;
    std::erase_if(chances, [&](const Chance& chance) { return chance.probability < least; });
  }
  if (coin < params.xtc_probability) xtc(chances, params.xtc_threshold);
}

} // namespace

void Situation::bind(const Grammar& to) {
  grammar = &to;
  for (size_t i = 0; i < logits.size(); ++i) legal.push_back(to.allows(static_cast<llama_token>(i)));
}

std::vector<Chance> plain_distribution(const Situation& situation, double coin) {
  const SamplingParams& params = situation.params;
  const std::vector<double> logits = edited(situation);
  Chances chances;
  for (size_t i = 0; i < logits.size(); ++i) {
    const auto token = static_cast<llama_token>(i);
    if (!(logits[i] > -INFINITY) || (!situation.legal.empty() && !situation.legal[i])) continue;
    chances.push_back({token, logits[i], 0});
  }
  std::stable_sort(chances.begin(), chances.end(), [](const Chance& a, const Chance& b) { return a.logit > b.logit; });
  if (chances.empty()) return chances;
  double temperature = params.temperature;
  if (temperature > 0) {
    cut(chances, situation, coin);
    normalise(chances);
    if (params.dynatemp_range > 0 && chances.size() > 1) {
      const double share = entropy(chances) / std::log(static_cast<double>(chances.size()));
      const double low = std::max(0.0, temperature - params.dynatemp_range);
      const double high = temperature + params.dynatemp_range;
      temperature = low + (high - low) * std::pow(share, params.dynatemp_exponent);
    }
  }
  if (temperature <= 0) chances.resize(1);
  normalise(chances, temperature > 0 ? temperature : 1);
  return chances;
}

llama_token plain_draw(const std::vector<Chance>& chances, double u) {
  for (const Chance& chance : chances) {
    u -= chance.probability;
    if (u < 0) return chance.id;
  }
  return chances.back().id;
}

std::map<llama_token, size_t> plain_repetitions(const std::vector<llama_token>& window,
                                                const std::vector<llama_token>& breakers) {
  const auto breaks = [&](llama_token token) {
    return std::find(breakers.begin(), breakers.end(), token) != breakers.end();
  };
  std::map<llama_token, size_t> longest;
  for (size_t at = 0; at < window.size(); ++at) {
    if (breaks(window[at])) continue;
    size_t length = 0;
    while (length < at && window[at - 1 - length] == window[window.size() - 1 - length] &&
           !breaks(window[at - 1 - length]))
      ++length;
    if (length > 0) longest[window[at]] = std::max(longest[window[at]], length);
  }
  return longest;
}

Fast::Fast(const Situation& situation)
    : row(LogitsRow::copy(situation.logits)), params(situation.params), mu(situation.mu), grammar(situation.grammar) {
  const auto shared = [](std::vector<TokenBias> biases) {
    return std::make_shared<const std::vector<TokenBias>>(std::move(biases));
  };
  TokenWindow window;
  for (const llama_token token : situation.history) window = window.with(token);
  edits = Edits(*row, shared(situation.bias), shared(situation.steer), window, params);
}

} // namespace lloyal::test
