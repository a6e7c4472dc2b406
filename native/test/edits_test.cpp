#include "edits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "dry.h"
#include "plain_sampler.h"

namespace lloyal {
namespace {

using test::plain_repetitions;

Edits edits_of(const LogitsRow& row, const std::vector<llama_token>& history, const SamplingParams& params) {
  TokenWindow window;
  for (const llama_token token : history) window = window.with(token);
  return Edits(row, nullptr, nullptr, window, params);
}

TEST(TokenWindow, KeepsTheLastTokensAndLeavesWhatItCameFrom) {
  TokenWindow window;
  EXPECT_TRUE(window.last(10).empty());
  for (llama_token token = 0; token < 5000; ++token) window = window.with(token);
  const TokenWindow fork = window.with(7);
  EXPECT_EQ(window.last(1).front(), 4999);
  EXPECT_EQ(fork.last(2).front(), 4999);
  EXPECT_EQ(fork.last(2).back(), 7);
  EXPECT_EQ(window.last(9999).size(), TokenWindow::capacity);
  EXPECT_EQ(window.last(9999).front(), 5000 - static_cast<llama_token>(TokenWindow::capacity));
}

TEST(Edits, TouchOnlyWhatIsBiasedOrHasBeenWritten) {
  const auto row = LogitsRow::copy(std::vector<float>{1, -1, 2, 0, 3});
  const SamplingParams params{.repeat_penalty = 2, .frequency_penalty = 0.5, .presence_penalty = 0.25};
  const Edits edits = edits_of(*row, {0, 1, 0, 0}, params);
  ASSERT_EQ(edits.all().size(), 2u);
  EXPECT_DOUBLE_EQ(edits.logit(*row, 0), 1 / 2.0 - 3 * 0.5 - 0.25);
  EXPECT_DOUBLE_EQ(edits.logit(*row, 1), -1 * 2.0 - 0.5 - 0.25);
  EXPECT_DOUBLE_EQ(edits.logit(*row, 4), 3);
  EXPECT_TRUE(edits_of(*row, {0, 1}, {}).all().empty());
  EXPECT_TRUE(edits_of(*row, {0, 1}, {.repeat_penalty = 2, .penalty_last_n = 0}).all().empty());
}

TEST(Edits, BiasAndSteerComeBeforeThePenalties) {
  const auto row = LogitsRow::copy(std::vector<float>{1, 1, 1});
  const auto biases = [](double bias) {
    return std::make_shared<const std::vector<TokenBias>>(std::vector<TokenBias>{{0, bias}, {0, -0.5}});
  };
  const Edits edits(*row, biases(-1), biases(-1), TokenWindow().with(0), {.repeat_penalty = 2});
  // 1 - 1.5 - 1.5 is negative, so it is multiplied.
  EXPECT_DOUBLE_EQ(edits.logit(*row, 0), -4);
}

TEST(Edits, ABlockedTokenIsBlockedWhetherItWasEditedOrNot) {
  const auto row = LogitsRow::copy(std::vector<float>{1, 1, 1, 1});
  Edits edits = edits_of(*row, {2}, {.repeat_penalty = 2});
  for (const llama_token token : {3, 2, 0}) edits.block(token);
  for (const llama_token token : {3, 2, 0}) EXPECT_EQ(edits.logit(*row, token), -INFINITY);
  EXPECT_EQ(edits.logit(*row, 1), 1);
}

TEST(Dry, FindsTheRepetitionsThatTheQuadraticVersionFinds) {
  std::mt19937 random(1);
  size_t found = 0, longest = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<llama_token> window(random() % 60);
    const unsigned distinct = 1 + static_cast<unsigned>(random() % 5);
    for (llama_token& token : window) token = static_cast<llama_token>(random() % distinct);
    const std::vector<llama_token> breakers =
        round % 3 == 0 ? std::vector<llama_token>{1, 4} : std::vector<llama_token>{};
    const auto fast = repetitions(window, breakers);
    const auto plain = plain_repetitions(window, breakers);
    ASSERT_EQ((std::map<llama_token, size_t>(fast.begin(), fast.end())), plain) << "round " << round;
    found += plain.size();
    for (const auto& [token, length] : plain) longest = std::max(longest, length);
  }
  EXPECT_GT(found, 1000u);
  EXPECT_GT(longest, 20u);
}

TEST(Dry, PunishesByTheLengthBeyondWhatIsAllowedAndNeverWithoutEnd) {
  const auto row = LogitsRow::copy(std::vector<float>(10, 1));
  const SamplingParams params{.dry_multiplier = 2, .dry_base = 3, .dry_allowed_length = 2};
  EXPECT_DOUBLE_EQ(edits_of(*row, {1, 2, 3, 9, 1, 2, 3}, params).logit(*row, 9), 1 - 2 * 3);
  EXPECT_DOUBLE_EQ(edits_of(*row, {2, 3, 9, 1, 2, 3}, params).logit(*row, 9), 1 - 2);
  EXPECT_TRUE(edits_of(*row, {3, 9, 1, 3}, params).all().empty());
  const std::vector<llama_token> same(2000, 5);
  EXPECT_DOUBLE_EQ(edits_of(*row, same, params).logit(*row, 5), 1 - 1e9);
}

} // namespace
} // namespace lloyal
