// What a branch carries for its sampler from commit to commit, on a real cache.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "plain_sampler.h"
#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::Fuse;
using test::Situation;
using test::tiny_eos;
using test::tokens;

const ContextParams small{.n_ctx = 512, .n_batch = 32, .n_ubatch = 32, .n_seq_max = 4};

SequenceHandle prefilled(Bench& bench, const SamplingParams& sampling = {}) {
  const auto branch = bench.open(sampling);
  EXPECT_TRUE(bench.prefill(branch, tokens(12)).ok());
  return branch;
}

llama_token best(const std::vector<float>& row) {
  return static_cast<llama_token>(std::ranges::max_element(row) - row.begin());
}

TEST(BranchSampling, WhatWasCommittedOrAcceptedIsPenalisedAndWhatWasPrefilledIsNot) {
  Bench bench(small);
  const auto branch = prefilled(bench, {.repeat_penalty = 1e6, .frequency_penalty = 1000});
  const llama_token first = best(bench.row(branch));
  EXPECT_EQ(bench.next(branch), first);
  ASSERT_TRUE(bench.prefill(branch, {first}).ok());
  const llama_token second = best(bench.row(branch));
  EXPECT_EQ(bench.next(branch), second);

  ASSERT_TRUE(bench.table.accept(branch, second).ok());
  EXPECT_NE(bench.next(branch), second);
  const auto child = bench.table.fork(branch).value();
  EXPECT_EQ(bench.next(child), bench.next(branch));
  // What the child hears of, the parent does not.
  const llama_token third = bench.next(child);
  ASSERT_TRUE(bench.table.accept(child, third).ok());
  EXPECT_NE(bench.next(child), third);
  EXPECT_EQ(bench.next(branch), third);
  EXPECT_EQ(bench.table.accept(branch, test::tiny_vocab).code, Code::invalid_argument);

  ASSERT_TRUE(bench.commit(branch, 77).ok());
  ASSERT_TRUE(bench.table.set_logit_bias(branch, {{77, 500}}).ok());
  EXPECT_NE(bench.next(branch), 77);
  ASSERT_TRUE(bench.table.set_sampling(branch, {}).ok());
  EXPECT_EQ(bench.next(branch), 77);
}

TEST(BranchSampling, AForkInheritsTheBiasAndNotTheSteer) {
  Bench bench(small);
  const auto parent = prefilled(bench);
  ASSERT_TRUE(bench.table.set_logit_bias(parent, {{100, 500}}).ok());
  ASSERT_TRUE(bench.table.set_steer(parent, {{100, -1000}, {200, 500}}).ok());
  EXPECT_EQ(bench.next(parent), 200);
  const auto child = bench.table.fork(parent).value();
  EXPECT_EQ(bench.next(child), 100);
  ASSERT_TRUE(bench.table.set_steer(parent, {}).ok());
  EXPECT_EQ(bench.next(parent), 100);
  ASSERT_TRUE(bench.table.set_logit_bias(parent, {}).ok());
  EXPECT_EQ(bench.next(parent), best(bench.row(parent)));
  EXPECT_EQ(bench.next(child), 100);
  for (const TokenBias& bad :
       {TokenBias{-1, 0}, TokenBias{test::tiny_vocab, 0}, TokenBias{5, NAN}, TokenBias{5, INFINITY}}) {
    EXPECT_EQ(bench.table.set_logit_bias(child, {bad}).code, Code::invalid_argument);
    EXPECT_EQ(bench.table.set_steer(child, {bad}).code, Code::invalid_argument);
  }
  EXPECT_EQ(bench.next(child), 100);
}

TEST(BranchSampling, SampleDrawsAnewWhereProduceRepeats) {
  Bench bench(small);
  const auto branch = prefilled(bench, {.temperature = 5, .seed = 3});
  const auto produced = bench.next(branch);
  std::vector<llama_token> sampled;
  for (int i = 0; i < 8; ++i) {
    sampled.push_back(bench.table.sample(branch).value());
    EXPECT_EQ(bench.next(branch), produced);
  }
  std::vector<llama_token> distinct = sampled;
  std::ranges::sort(distinct);
  EXPECT_GT(std::unique(distinct.begin(), distinct.end()) - distinct.begin(), 6);
  ASSERT_TRUE(bench.table.reseed(branch, 3).ok());
  EXPECT_EQ(bench.next(branch), produced);
  for (const llama_token token : sampled) EXPECT_EQ(bench.table.sample(branch).value(), token);
  ASSERT_TRUE(bench.table.reseed(branch, 4).ok());
  EXPECT_NE(bench.next(branch), produced);
  EXPECT_NE(bench.table.sample(branch).value(), sampled.front());
  // A commit begins the count anew.
  const auto child = bench.table.fork(branch).value();
  ASSERT_TRUE(bench.table.reseed(child, 4).ok());
  ASSERT_TRUE(bench.fly(FlightKind::commit, {{branch, {5}}, {child, {5}}}).status.ok());
  EXPECT_EQ(bench.table.sample(branch).value(), bench.table.sample(child).value());
  EXPECT_EQ(bench.table.sample(bench.open()).status().code, Code::no_logits);
}

TEST(BranchSampling, MuFollowsTheSurpriseOfWhatIsCommitted) {
  for (const int version : {1, 2}) {
    Bench bench(small);
    SamplingParams params{.temperature = 1, .seed = 5};
    params.mirostat = version;
    params.mirostat_tau = 3;
    params.mirostat_eta = 0.2;
    const auto branch = prefilled(bench, params);
    double mu = 6, surprises = 0;
    for (uint64_t commits = 0; commits < 200; ++commits) {
      const auto chances = test::plain_distribution({bench.row(branch), {}, {}, {}, params, mu}, 1);
      const llama_token token = bench.next(branch);
      ASSERT_EQ(token, test::plain_draw(chances, uniform({5, 0, commits}))) << "version " << version;
      const double surprise = -std::log2(std::ranges::find(chances, token, &test::Chance::id)->probability);
      mu -= 0.2 * (surprise - 3);
      surprises += surprise;
      ASSERT_TRUE(bench.commit(branch, token).ok());
    }
    EXPECT_NEAR(surprises / 200, 3, 0.3) << "version " << version;
  }
}

TEST(BranchSampling, ATokenThatMirostatExcludesLeavesMuAlone) {
  Bench bench(small);
  SamplingParams params{.temperature = 1, .seed = 5};
  params.mirostat = 2;
  params.mirostat_tau = 6;
  const auto branch = prefilled(bench, params);
  const auto row = bench.row(branch);
  const auto worst = static_cast<llama_token>(std::ranges::min_element(row) - row.begin());
  ASSERT_TRUE(bench.commit(branch, worst).ok());
  const auto chances = test::plain_distribution({bench.row(branch), {}, {}, {}, params, 12}, 1);
  const llama_token expected = test::plain_draw(chances, uniform({5, 0, 1}));
  // With a bound that has fallen, only the first would be left.
  ASSERT_NE(expected, chances.front().id);
  EXPECT_EQ(bench.next(branch), expected);
  EXPECT_EQ(bench.table.surprisals(branch).value().sampling, INFINITY);
}

TEST(BranchSampling, MetricsAreTheMeansOfWhatWasCommitted) {
  Bench bench(small);
  const SamplingParams params{.temperature = 0.8, .top_k = 50, .seed = 9, .repeat_penalty = 1.1};
  const auto branch = prefilled(bench, params);
  EXPECT_EQ(bench.table.surprisals(branch).value().count, 0u);
  double model = 0, sampling = 0;
  std::vector<llama_token> history;
  for (int i = 0; i < 20; ++i) {
    const auto row = bench.row(branch);
    // Every other token is the second best, whether it was asked for or not.
    auto chances = test::plain_distribution({row, {}, {}, history, params}, 1);
    const llama_token token = i % 2 ? chances[1].id : bench.next(branch);
    const auto raw = test::plain_distribution({row, {}, {}, {}, {.temperature = 1}}, 1);
    const auto of = [&](const auto& list) {
      return -std::log(std::ranges::find(list, token, &test::Chance::id)->probability);
    };
    model += of(raw), sampling += of(chances);
    EXPECT_NEAR(bench.table.row(branch, "row").value()->surprisal(token), of(raw), 1e-6);
    ASSERT_TRUE(bench.commit(branch, token).ok());
    history.push_back(token);
  }
  const auto child = bench.table.fork(branch).value();
  ASSERT_TRUE(bench.prefill(child, tokens(3)).ok());
  for (const auto handle : {branch, child}) {
    const Surprisals sums = bench.table.surprisals(handle).value();
    EXPECT_EQ(sums.count, 20u);
    EXPECT_NEAR(sums.model, model, 1e-4);
    EXPECT_NEAR(sums.sampling, sampling, 1e-4);
  }
  EXPECT_EQ(bench.table.surprisals(999).status().code, Code::branch_disposed);
}

TEST(BranchSampling, AFailedCommitLeavesWindowMuAndMetrics) {
  Bench bench(small);
  SamplingParams params{.temperature = 2, .seed = 9, .repeat_penalty = 1.5};
  params.mirostat = 2;
  const auto branch = prefilled(bench, params);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bench.commit(branch, bench.next(branch)).ok());
  const auto witness = bench.table.fork(branch).value();
  (void)bench.table.sample(branch);
  (void)bench.table.sample(witness);
  Fuse fuse(bench);
  fuse.light(3);
  ASSERT_EQ(bench.commit(branch, bench.next(branch)).code, Code::decode_failed);
  fuse.put_out();
  EXPECT_EQ(bench.table.surprisals(branch).value().count, 5u);
  EXPECT_EQ(bench.table.sample(branch).value(), bench.table.sample(witness).value());
  for (int i = 0; i < 10; ++i) {
    const llama_token token = bench.next(branch);
    ASSERT_EQ(token, bench.next(witness));
    ASSERT_TRUE(bench.fly(FlightKind::commit, {{branch, {token}}, {witness, {token}}}).status.ok());
  }
  EXPECT_EQ(bench.table.surprisals(branch).value().sampling, bench.table.surprisals(witness).value().sampling);
}

TEST(BranchSampling, APrefillKeepsToItsOwnBatchLimit) {
  Bench bench(small);
  const auto narrow = bench.open(), wide = bench.open(), ones = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{narrow, tokens(20), 4}, {wide, tokens(40)}}).status.ok());
  for (const llama_token token : tokens(20)) ASSERT_TRUE(bench.prefill(ones, {token}).ok());
  EXPECT_EQ(bench.cells(), 80);
  EXPECT_EQ(best(bench.row(narrow)), best(bench.row(ones)));
  EXPECT_EQ(bench.table.check({{narrow, {1}, 0}}, FlightKind::prefill).code, Code::invalid_argument);
}

} // namespace
} // namespace lloyal
