// The sampler against a slow plain version of itself: sort everything, mask everything, then cut.
#include "sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::tiny_model;
using test::tiny_vocab;

std::optional<llama_token> plain_sample(const std::vector<float>& logits, const Grammar* grammar,
                                        const SamplingParams& params, double u) {
  std::vector<llama_token_data> all;
  for (size_t i = 0; i < logits.size(); ++i) all.push_back({static_cast<llama_token>(i), logits[i], 0});
  if (grammar) grammar->mask(all);
  std::erase_if(all, [](const auto& candidate) { return candidate.logit == -INFINITY; });
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.logit > b.logit; });
  if (all.empty()) return std::nullopt;
  if (params.temperature <= 0) return all.front().id;
  const double best = all.front().logit;
  if (params.top_k > 0 && all.size() > static_cast<size_t>(params.top_k)) all.resize(static_cast<size_t>(params.top_k));
  if (params.top_p < 1) {
    double total = 0;
    for (const auto& candidate : all) total += std::exp(candidate.logit - best);
    double mass = 0;
    size_t kept = 0;
    while (kept < all.size() && mass < params.top_p * total) mass += std::exp(all[kept++].logit - best);
    all.resize(kept);
  }
  std::erase_if(all, [&](const auto& candidate) { return std::exp(candidate.logit - best) < params.min_p; });
  double total = 0;
  for (const auto& candidate : all) total += std::exp((candidate.logit - best) / params.temperature);
  double rest = u * total;
  for (const auto& candidate : all) {
    rest -= std::exp((candidate.logit - best) / params.temperature);
    if (rest < 0) return candidate.id;
  }
  return all.back().id;
}

std::vector<float> random_logits(size_t count, float spread, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(generator);
  return logits;
}

const std::vector<SamplingParams> all_params = {
    {0, 0, 1, 0, 1},    {0.7, 0, 1, 0, 2},        {1, 1, 1, 0, 3},     {1.5, 40, 1, 0, 4},   {0.8, 0, 0.9, 0, 5},
    {1, 0, 1, 0.05, 6}, {0.6, 20, 0.95, 0.01, 7}, {5, 0, 0.999, 0, 8}, {1, 100000, 1, 0, 9},
};

void expect_equal_to_plain(const std::vector<float>& logits, const Grammar* grammar) {
  const auto row = LogitsRow::copy(logits);
  for (const SamplingParams& params : all_params) {
    for (uint64_t commits = 0; commits < 20; ++commits) {
      const DrawKey key{params.seed, 0, commits};
      auto token = sample(*row, grammar, params, key);
      ASSERT_TRUE(token.ok());
      EXPECT_EQ(token.value(), plain_sample(logits, grammar, params, uniform(key))) << "top_k " << params.top_k;
    }
  }
}

TEST(Sampler, EqualsThePlainVersionOnPeakedAndFlatRows) {
  expect_equal_to_plain(random_logits(20000, 3, 1), nullptr);
  expect_equal_to_plain(random_logits(20000, 0.01f, 2), nullptr);
  expect_equal_to_plain(random_logits(100, 1, 3), nullptr);
}

TEST(Sampler, ProgressiveMaskingEqualsTheFullMask) {
  for (const char* gbnf :
       {"root ::= [0-9a-f]+", "root ::= \"1f\" [0-3]*", "root ::= \"7\"", "root ::= [8-9] \"a\" | \"0\""}) {
    auto grammar = Grammar::parse(tiny_model()->vocab(), gbnf);
    ASSERT_TRUE(grammar.ok());
    for (unsigned seed = 0; seed < 3; ++seed)
      expect_equal_to_plain(random_logits(tiny_vocab, 2, seed), grammar.value().get());
  }
}

TEST(Sampler, EqualLogitsGoToTheLowestId) {
  std::vector<float> logits(1000, 0.5f);
  logits[0] = 0;
  const auto row = LogitsRow::copy(logits);
  EXPECT_EQ(sample(*row, nullptr, {}, {}).value(), 1);
  EXPECT_EQ(sample(*row, nullptr, {1, 1, 1, 0, 0}, {}).value(), 1);
}

TEST(Sampler, ExtremeLogitsStayFinite) {
  std::vector<float> logits(300, -INFINITY);
  logits[7] = 3e38f;
  logits[9] = NAN;
  for (const SamplingParams& params : all_params)
    EXPECT_EQ(sample(*LogitsRow::copy(logits), nullptr, params, {}).value(), 7);
  EXPECT_EQ(LogitsRow::copy(std::vector<float>(300, NAN)), nullptr);
  EXPECT_EQ(LogitsRow::copy(std::vector<float>(300, -INFINITY)), nullptr);
}

TEST(Sampler, AForbiddenTokenFarAboveTheLegalOnesDoesNotOverflow) {
  auto grammar = Grammar::parse(tiny_model()->vocab(), "root ::= [0-7] [0-7]");
  std::vector<float> logits = random_logits(tiny_vocab, 1, 4);
  logits[0xff] = 300;
  const SamplingParams cold{0.01, 0, 0.9, 0, 3};
  const auto row = LogitsRow::copy(logits);
  EXPECT_EQ(sample(*row, grammar.value().get(), cold, {3, 0, 0}).value(),
            plain_sample(logits, grammar.value().get(), cold, uniform({3, 0, 0})));
}

TEST(CounterRng, IsAFunctionOfItsKeyAndEvenlySpread) {
  double sum = 0;
  int low = 0;
  for (uint64_t commits = 0; commits < 100000; ++commits) {
    const double u = uniform({5, 0, commits});
    EXPECT_EQ(u, uniform({5, 0, commits}));
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u;
    low += u < 0.1 ? 1 : 0;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
  EXPECT_NEAR(low / 100000.0, 0.1, 0.005);
  EXPECT_NE(uniform({5, 0, 1}), uniform({6, 0, 1}));
  EXPECT_NE(uniform({5, 0, 1}), uniform({5, 1, 1}));
}

} // namespace
} // namespace lloyal
