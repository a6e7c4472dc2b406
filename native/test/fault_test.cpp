// Decodes that fail on demand: with cells, and with states, which cannot be cut and have to be copied.
#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

const ContextParams small{.n_ctx = 256, .n_batch = 16, .n_ubatch = 16, .n_seq_max = 4};

// A call of several decodes in the presence of a bystander. The last of them fails; all must be as before it then, and
// the call and what follows must give what they give in peace.
class Faults : public testing::TestWithParam<std::tuple<bool, Fault>> {
 protected:
  static std::shared_ptr<Model> model() {
    return std::get<0>(GetParam()) ? test::tiny_recurrent_model() : test::tiny_model();
  }

  static void expect_undone(FlightKind kind, std::vector<llama_token> work, int ticks, int decodes) {
    Bench bench(small, model()), peace(small, model());
    for (Bench* each : {&bench, &peace}) {
      for (int i = 0; i < 2; ++i) ASSERT_TRUE(each->prefill(each->open(), tokens(9 + i, i)).ok());
    }
    const SequenceHandle one = 1, bystander = 2;
    const std::vector<float> before = bench.row(one);
    const int64_t cells = bench.cells();

    bench.decoder.faults().ask(std::get<1>(GetParam()), decodes - 1, false);
    const Code expected = std::get<1>(GetParam()) == Fault::no_space ? Code::kv_exhausted : Code::decode_failed;
    ASSERT_EQ(bench.fly(kind, {{one, work}}, ticks).status.code, expected);
    EXPECT_EQ(bench.row(one), before);
    EXPECT_EQ(bench.cells(), cells);

    for (Bench* each : {&bench, &peace}) {
      ASSERT_TRUE(each->fly(kind, {{one, work}}, ticks).status.ok());
      ASSERT_TRUE(each->commit(bystander, 7).ok());
    }
    EXPECT_EQ(bench.row(one), peace.row(one));
    EXPECT_EQ(bench.row(bystander), peace.row(bystander));
    EXPECT_EQ(bench.generate(one, 3), peace.generate(one, 3));
  }
};

TEST_P(Faults, APrefillOfThreeBatchesIsUndone) {
  expect_undone(FlightKind::prefill, tokens(40, 5), 1, 3);
}

TEST_P(Faults, ACommitIsUndone) {
  expect_undone(FlightKind::commit, {5}, 1, 1);
}

TEST_P(Faults, ARunOfThreeTicksIsUndone) {
  expect_undone(FlightKind::run, {5}, 3, 3);
}

INSTANTIATE_TEST_SUITE_P(Cells, Faults,
                         testing::Combine(testing::Values(false),
                                          testing::Values(Fault::no_space, Fault::compute, Fault::not_finite)));
INSTANTIATE_TEST_SUITE_P(States, Faults,
                         testing::Combine(testing::Values(true), testing::Values(Fault::no_space, Fault::not_finite)));

// A graph moves the states of others, too: cut short, nobody can say whose are whole.
TEST(LostStates, NoCallGoesOnWithThem) {
  Bench bench(small, test::tiny_recurrent_model());
  const auto one = bench.open(), bystander = bench.open();
  for (const auto each : {one, bystander}) ASSERT_TRUE(bench.prefill(each, tokens(9)).ok());
  const std::vector<float> before = bench.row(one);
  bench.decoder.faults().ask(Fault::compute, 0, false);
  for (const auto each : {one, one, bystander}) {
    const Status status = bench.commit(each, 5);
    EXPECT_EQ(status.code, Code::decode_failed);
    EXPECT_EQ(status.facts.back(), (std::pair<std::string, int64_t>("lost", 1)));
  }
  EXPECT_EQ(bench.row(one), before);
}

TEST(FaultPlan, SparesSomeAndIsMetOnceUnlessItLasts) {
  FaultPlan plan;
  EXPECT_FALSE(plan.next());
  plan.ask(Fault::compute, 2, false);
  for (const bool met : {false, false, true, false}) EXPECT_EQ(plan.next().has_value(), met);
  plan.ask(Fault::compute, 1, true);
  for (const bool met : {false, true, true, true}) EXPECT_EQ(plan.next().has_value(), met);
  plan.clear();
  EXPECT_FALSE(plan.next());
}

} // namespace
} // namespace lloyal
