// The sampler against a slow plain version of itself: sort everything, mask everything, then cut.
#include "sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "plain_sampler.h"
#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Chance;
using test::Fast;
using test::plain_distribution;
using test::plain_draw;
using test::Situation;
using test::tiny_model;
using test::tiny_vocab;

std::vector<float> random_logits(size_t count, float width, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, width);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(generator);
  return logits;
}

std::vector<llama_token> random_history(size_t count, size_t distinct, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<llama_token> history(count);
  for (llama_token& token : history) token = static_cast<llama_token>(generator() % distinct);
  return history;
}

DrawKey coin_of(DrawKey key) {
  key.use = 1;
  return key;
}

double plain_surprisal(const std::vector<Chance>& chances, llama_token token) {
  const auto found = std::ranges::find(chances, token, &Chance::id);
  return found == chances.end() ? INFINITY : -std::log(found->probability);
}

// Tokens of every rank, and some that edits may have moved.
std::vector<llama_token> sample_of_tokens(Situation situation) {
  situation.params = {.temperature = 1};
  const auto all = plain_distribution(situation, 1);
  // A question about a token of the tail can take the whole row.
  const size_t count = all.size() > 100000 ? 5 : 30;
  std::vector<llama_token> asked{0, 1, 2};
  for (size_t i = 0; i < std::min(all.size(), count); ++i) asked.push_back(all[i].id);
  for (size_t i = 0; i < all.size(); i += 1 + all.size() / count) asked.push_back(all[i].id);
  return asked;
}

// The same draw for the same number; the same tokens left, with the same probabilities.
void expect_equal_to_plain(const Situation& situation, int draws, std::vector<llama_token> asked) {
  const Fast fast(situation);
  for (uint64_t commits = 0; commits < static_cast<uint64_t>(draws); ++commits) {
    const DrawKey key{situation.params.seed, 0, commits};
    const auto chances = plain_distribution(situation, uniform(coin_of(key)));
    ASSERT_FALSE(chances.empty());
    auto drawn = draw(fast.choice(), key);
    ASSERT_TRUE(drawn.ok());
    ASSERT_EQ(drawn.value().token, plain_draw(chances, uniform(key))) << "commits " << commits;
    if (situation.grammar) continue;
    EXPECT_NEAR(drawn.value().surprisal, plain_surprisal(chances, drawn.value().token), 2e-6);
    if (commits > 0) continue;
    // Both ends of what is left, too.
    asked.insert(asked.end(), {chances.front().id, chances.back().id});
    for (const llama_token token : asked) {
      const double expected = std::exp(-plain_surprisal(chances, token));
      const double actual = std::exp(-sampling_surprisal(fast.choice(), key, token));
      ASSERT_NEAR(actual, expected, 1e-6 * std::max(expected, 1e-3)) << "token " << token;
      ASSERT_EQ(actual > 0, expected > 0) << "token " << token;
    }
  }
}

// Each stage alone, and stages together.
std::vector<std::pair<const char*, SamplingParams>> all_params() {
  using P = SamplingParams;
  return {
      {"greedy", P{.temperature = 0}},
      {"greedy with all that cuts", P{.temperature = 0, .top_k = 3, .typical_p = 0.3, .xtc_probability = 1}},
      {"temperature", P{.temperature = 0.7, .seed = 2}},
      {"hot", P{.temperature = 5, .seed = 3}},
      {"top-k 1", P{.temperature = 1, .top_k = 1}},
      {"top-k 40", P{.temperature = 1.5, .top_k = 40, .seed = 4}},
      {"top-k of all", P{.temperature = 1, .top_k = 1000000, .seed = 9}},
      {"top-p", P{.temperature = 0.8, .top_p = 0.9, .seed = 5}},
      {"top-p of nearly all", P{.temperature = 5, .top_p = 0.999, .seed = 8}},
      {"min-p", P{.temperature = 1, .min_p = 0.05, .seed = 6}},
      {"top-k, top-p, min-p", P{.temperature = 0.6, .top_k = 20, .top_p = 0.95, .min_p = 0.01, .seed = 7}},
      {"top-n-sigma", P{.temperature = 1.2, .seed = 10, .top_n_sigma = 1}},
      {"wide top-n-sigma", P{.temperature = 2, .seed = 10, .top_n_sigma = 3.5}},
      {"typical", P{.temperature = 1, .seed = 11, .typical_p = 0.4}},
      {"typical of nearly all", P{.temperature = 1, .seed = 11, .typical_p = 0.98}},
      {"XTC", P{.temperature = 1, .seed = 12, .xtc_probability = 1, .xtc_threshold = 0.001}},
      {"XTC by coin", P{.temperature = 1, .seed = 13, .xtc_probability = 0.5, .xtc_threshold = 0.02}},
      {"dynamic temperature", P{.temperature = 1, .seed = 14, .dynatemp_range = 0.8, .dynatemp_exponent = 1.4}},
      {"dynamic temperature from zero", P{.temperature = 0.5, .top_k = 30, .seed = 14, .dynatemp_range = 2}},
      {"mirostat 1", P{.temperature = 1, .seed = 15, .mirostat = 1}},
      {"mirostat 2", P{.temperature = 0.9, .seed = 16, .mirostat = 2}},
      {"penalties", P{.temperature = 1,
                      .top_k = 50,
                      .seed = 17,
                      .repeat_penalty = 1.3,
                      .frequency_penalty = 0.2,
                      .presence_penalty = 0.4}},
      {"penalties and nothing else", P{.temperature = 1, .seed = 17, .repeat_penalty = 2, .penalty_last_n = 4096}},
      {"rewards", P{.temperature = 1, .top_p = 0.9, .seed = 17, .repeat_penalty = 0.5, .frequency_penalty = -0.5}},
      {"DRY", P{.temperature = 1, .top_p = 0.9, .seed = 18, .dry_multiplier = 0.8, .dry_breakers = {3}}},
      {"everything", P{.temperature = 0.9,
                       .top_k = 200,
                       .top_p = 0.97,
                       .min_p = 0.001,
                       .seed = 19,
                       .repeat_penalty = 1.1,
                       .frequency_penalty = 0.1,
                       .presence_penalty = 0.1,
                       .dry_multiplier = 1,
                       .top_n_sigma = 4,
                       .typical_p = 0.95,
                       .xtc_probability = 0.5,
                       .xtc_threshold = 0.05,
                       .dynatemp_range = 0.3}},
  };
}

void expect_all_equal_to_plain(Situation situation, int draws = 5) {
  const std::vector<llama_token> asked = sample_of_tokens(situation);
  for (const auto& [name, params] : all_params()) {
    SCOPED_TRACE(name);
    situation.params = params;
    expect_equal_to_plain(situation, draws, asked);
  }
}

Situation with_edits(std::vector<float> logits, unsigned seed) {
  Situation situation{std::move(logits)};
  const size_t distinct = std::min<size_t>(situation.logits.size(), 60);
  situation.history = random_history(300, distinct, seed);
  const auto best = std::ranges::max_element(situation.logits) - situation.logits.begin();
  situation.bias = {{static_cast<llama_token>(best), -INFINITY}, {1, 2.5}, {5, -3}};
  situation.steer = {{1, 1}, {7, 4}, {11, -INFINITY}};
  return situation;
}

TEST(Sampler, EqualsThePlainVersionOnPeakedAndFlatRows) {
  for (const auto& [count, width] :
       {std::pair<size_t, float>{300, 1}, {1000, 3}, {20000, 3}, {20000, 0.01f}, {100, 2}, {256, 2}}) {
    SCOPED_TRACE(count);
    expect_all_equal_to_plain({random_logits(count, width, 1)});
  }
}

TEST(Sampler, EqualsThePlainVersionOnAnEditedRow) {
  for (const size_t count : {100, 300, 5000, 20000}) {
    SCOPED_TRACE(count);
    expect_all_equal_to_plain(with_edits(random_logits(count, 3, 5), 6));
  }
}

TEST(Sampler, EqualsThePlainVersionOnALargeVocabulary) {
  expect_all_equal_to_plain(with_edits(random_logits(151936, 3, 7), 8), 1);
}

TEST(Sampler, EqualsThePlainVersionWhereEditsMoveTheWholeWindow) {
  Situation situation{random_logits(4000, 3, 9)};
  std::vector<llama_token> order(4000);
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<llama_token>(i);
  std::ranges::sort(order, std::greater{},
                    [&](llama_token token) { return situation.logits[static_cast<size_t>(token)]; });
  // Blocks the 300 best, and raises some of the worst to just below the window.
  for (size_t i = 0; i < 300; ++i) situation.bias.push_back({order[i], -INFINITY});
  for (size_t i = 3900; i < 3950; ++i) situation.bias.push_back({order[i], 8});
  expect_all_equal_to_plain(situation);
}

TEST(Sampler, ProgressiveMaskingEqualsTheFullMask) {
  for (const char* gbnf :
       {"root ::= [0-9a-f]+", "root ::= \"1f\" [0-3]*", "root ::= \"7\"", "root ::= [8-9] \"a\" | \"0\""}) {
    SCOPED_TRACE(gbnf);
    auto grammar = Grammar::parse(tiny_model()->vocab(), gbnf);
    ASSERT_TRUE(grammar.ok());
    Situation situation{random_logits(tiny_vocab, 2, 3)};
    situation.bind(*grammar.value());
    expect_all_equal_to_plain(situation, 3);
    Situation edited = with_edits(random_logits(tiny_vocab, 2, 4), 5);
    edited.bias.erase(edited.bias.begin());
    edited.steer.clear();
    edited.bind(*grammar.value());
    expect_all_equal_to_plain(edited, 3);
  }
}

TEST(Sampler, EqualLogitsGoToTheLowestId) {
  Situation situation{std::vector<float>(1000, 0.5f)};
  situation.logits[0] = 0;
  EXPECT_EQ(draw(Fast(situation).choice(), {}).value().token, 1);
  expect_all_equal_to_plain(situation, 3);
}

TEST(Sampler, ExtremeLogitsStayFinite) {
  Situation situation{std::vector<float>(300, -INFINITY)};
  situation.logits[7] = 3e38f;
  situation.logits[9] = NAN;
  for (const auto& [name, params] : all_params()) {
    situation.params = params;
    EXPECT_EQ(draw(Fast(situation).choice(), {}).value().token, 7) << name;
  }
  EXPECT_EQ(LogitsRow::copy(std::vector<float>(300, NAN)), nullptr);
  EXPECT_EQ(LogitsRow::copy(std::vector<float>(300, -INFINITY)), nullptr);
}

TEST(Sampler, AForbiddenTokenFarAboveTheLegalOnesDoesNotOverflow) {
  auto grammar = Grammar::parse(tiny_model()->vocab(), "root ::= [0-7] [0-7]");
  Situation situation{random_logits(tiny_vocab, 1, 4)};
  situation.logits[0xff] = 300;
  situation.params = {.temperature = 0.01, .top_p = 0.9, .seed = 3};
  situation.bind(*grammar.value());
  expect_equal_to_plain(situation, 5, {});
  situation.grammar = nullptr;
  situation.legal.clear();
  situation.bias = {{0xff, -INFINITY}};
  expect_all_equal_to_plain(situation);
}

TEST(Sampler, SaysWhetherGrammarOrBiasesLeaveNothing) {
  auto grammar = Grammar::parse(tiny_model()->vocab(), "root ::= \"7\"");
  Situation situation{random_logits(tiny_vocab, 1, 4)};
  situation.grammar = grammar.value().get();
  situation.bias = {{0x7, -INFINITY}};
  for (const double temperature : {0, 1}) {
    situation.params.temperature = temperature;
    EXPECT_EQ(draw(Fast(situation).choice(), {}).status().code, Code::invalid_argument);
  }
  auto foreign = Grammar::parse(tiny_model()->vocab(), "root ::= \"z\"");
  situation.grammar = foreign.value().get();
  EXPECT_EQ(draw(Fast(situation).choice(), {}).status().code, Code::grammar_invalid);
}

// Nothing at first, then ever better ones: the sums have to be about another best again and again.
std::vector<float> rising_logits(size_t count) {
  auto logits = random_logits(count, 4, 1);
  for (size_t i = 0; i < count; ++i) logits[i] += static_cast<float>(i) * 60.0f / static_cast<float>(count);
  std::fill_n(logits.begin(), count / 4, -INFINITY);
  return logits;
}

TEST(LogitsRow, KnowsItsSumsAsAPassInDoublesDoes) {
  std::vector<std::vector<float>> rows{rising_logits(20000)};
  for (const size_t count : {1, 100, 257, 20000}) {
    rows.push_back(random_logits(count, 4, static_cast<unsigned>(count)));
    if (count > 100) rows.back()[3] = -INFINITY, rows.back()[4] = NAN, rows.back()[5] = 40;
  }
  for (const std::vector<float>& logits : rows) {
    const auto row = LogitsRow::copy(logits);
    double best = -INFINITY, mass = 0, entropy = 0, sum = 0, squares = 0, finite = 0;
    for (const float logit : logits)
      if (logit > best) best = logit;
    for (const float logit : logits) mass += logit > -INFINITY ? std::exp(logit - best) : 0;
    for (const float logit : logits) {
      if (!(logit > -INFINITY)) continue;
      const double p = std::exp(logit - best) / mass;
      entropy -= p > 0 ? p * std::log(p) : 0;
      sum += logit, squares += static_cast<double>(logit) * logit, finite += 1;
    }
    EXPECT_NEAR(row->entropy(), entropy, 1e-6);
    EXPECT_NEAR(row->surprisal(static_cast<llama_token>(logits.size()) - 1), std::log(mass) - (logits.back() - best),
                1e-6);
    EXPECT_NEAR(row->moments().deviation(), std::sqrt(squares / finite - sum / finite * sum / finite), 1e-5);
    EXPECT_EQ(row->moments().count, finite);
    if (logits.size() > 100) EXPECT_EQ(row->surprisal(3), INFINITY);
  }
}

TEST(ExpSums, AreAsGoodFarBelowTheirShiftAsAtIt) {
  for (float depth = 0; depth < 80; depth += 0.37f) {
    const std::vector<float> logits(1024, 5 - depth);
    const ExpSums sums = exp_sums(logits, 5, 1, 5);
    const double weight = std::exp(static_cast<double>(logits[0]) - 5);
    EXPECT_NEAR(sums.mass / (1024 * weight), 1, 1e-6) << depth;
    EXPECT_NEAR(sums.moment, -depth * sums.mass, 1e-6 * depth * sums.mass + 1e-30) << depth;
    EXPECT_EQ(sums.count, 1024);
  }
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
  EXPECT_NE(uniform({5, 0, 1}), uniform({5, 0, 1, 1}));
}

} // namespace
} // namespace lloyal
