#include "branch_table.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

const ContextParams small{.n_ctx = 256, .n_batch = 32, .n_ubatch = 32, .n_seq_max = 3};

TEST(BranchTable, AReusedSequenceSeesNothingOfItsFormerOwner) {
  Bench bench(small);
  const auto witness = bench.open();
  ASSERT_TRUE(bench.prefill(witness, tokens(10, 1)).ok());
  const auto expected = bench.row(witness);
  for (int round = 0; round < 20; ++round) {
    const auto stranger = bench.open();
    ASSERT_TRUE(bench.prefill(stranger, tokens(30, round)).ok());
    bench.table.close(stranger);
    // Nothing has run between the close and the next lease of the same id.
    const auto fresh = bench.open();
    ASSERT_TRUE(bench.prefill(fresh, tokens(10, 1)).ok());
    EXPECT_EQ(bench.row(fresh), expected);
    bench.table.close(fresh);
  }
  EXPECT_EQ(bench.cells(), 10);
}

TEST(BranchTable, LeasesAreBoundedAndHandlesNeverReused) {
  Bench bench(small);
  std::vector<SequenceHandle> handles{bench.open(), bench.open(), bench.open()};
  EXPECT_EQ(bench.table.open({}, {}).status().code, Code::sequences_exhausted);
  EXPECT_EQ(bench.table.fork(handles[0]).status().code, Code::sequences_exhausted);
  bench.table.close(handles[1]);
  bench.table.close(handles[1]);
  const auto next = bench.open();
  EXPECT_GT(next, handles[2]);
  EXPECT_EQ(bench.table.produce(handles[1]).status().code, Code::branch_disposed);
}

TEST(BranchTable, InFlightRefusesWhatWouldReadAChangingState) {
  Bench bench(small);
  const auto flying = bench.open(), resting = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{flying, tokens(4)}, {resting, tokens(4)}}).status.ok());
  Flight flight = bench.table.take_off(FlightKind::commit, {{flying, {5}}});
  EXPECT_EQ(bench.table.fork(flying).status().code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.produce(flying).status().code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.set_grammar(flying, {}).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.set_sampling(flying, {}).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.set_lazy_grammar(flying, "root ::= \"1\"", {{Trigger::Kind::token, 5}}).code,
            Code::branch_in_flight);
  EXPECT_EQ(bench.table.set_logit_bias(flying, {}).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.set_steer(flying, {}).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.reseed(flying, 1).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.accept(flying, 5).code, Code::branch_in_flight);
  EXPECT_EQ(bench.table.sample(flying).status().code, Code::branch_in_flight);
  EXPECT_TRUE(bench.table.produce(resting).ok());
  EXPECT_TRUE(bench.table.fork(resting).ok());
  fly(bench.decoder, flight, 1);
  bench.table.land(flight);
  EXPECT_TRUE(bench.table.produce(flying).ok());
}

TEST(BranchTable, ClosedInFlightGivesItsLeaseAtOnceAndItsCellsAfterwards) {
  Bench bench(small);
  const auto a = bench.open(), b = bench.open(), c = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{a, tokens(4, 1)}, {b, tokens(6, 2)}, {c, tokens(5, 3)}}).status.ok());
  Flight flight = bench.table.take_off(FlightKind::run, {{a, {5}}, {b, {6}}});
  EXPECT_FALSE(bench.table.close(a));
  // The same id, before the batch that still writes to it has landed.
  const auto heir = bench.table.fork(c).value();
  fly(bench.decoder, flight, 1);
  bench.table.land(flight);
  EXPECT_TRUE(flight.status.ok());
  EXPECT_TRUE(flight.entries[0].produced.empty());
  EXPECT_EQ(bench.row(heir), bench.row(c));
  ASSERT_TRUE(bench.fly(FlightKind::commit, {{heir, {7}}, {c, {7}}}).status.ok());
  EXPECT_EQ(bench.row(heir), bench.row(c));
  EXPECT_EQ(bench.cells(), 7 + 5 + 2);
}

TEST(BranchTable, ABatchThatDecodesForNobodyMayBeAborted) {
  Bench bench(small);
  const auto a = bench.open(), b = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{a, tokens(4, 1)}, {b, tokens(6, 2)}}).status.ok());
  Flight flight = bench.table.take_off(FlightKind::run, {{a, {5}}, {b, {6}}});
  EXPECT_FALSE(bench.table.close(a));
  EXPECT_TRUE(bench.table.close(b));
  const auto heir = bench.open();
  bench.context->abort = true;
  fly(bench.decoder, flight, 1);
  bench.context->abort = false;
  bench.table.land(flight);
  EXPECT_TRUE(flight.status.ok());
  EXPECT_EQ(bench.cells(), 0);
  EXPECT_TRUE(bench.prefill(heir, tokens(3)).ok());
}

TEST(BranchTable, ASequenceClosedBeforeItsTurnIsLeftOut) {
  Bench bench(small);
  const auto a = bench.open(), b = bench.open();
  bench.table.close(a);
  Flight flight = bench.table.take_off(FlightKind::prefill, {{a, tokens(4)}, {b, tokens(6)}});
  fly(bench.decoder, flight, 1);
  bench.table.land(flight);
  EXPECT_TRUE(flight.status.ok());
  EXPECT_EQ(bench.cells(), 6);
}

TEST(BranchTable, ProduceIsIdempotentAndItsMemoIsVoidedByEveryInput) {
  Bench bench(small);
  const auto branch = bench.open({.temperature = 1, .seed = 1});
  ASSERT_TRUE(bench.prefill(branch, tokens(8)).ok());
  const auto first = bench.next(branch);
  EXPECT_EQ(bench.next(branch), first);
  ASSERT_TRUE(bench.table.set_grammar(branch, "root ::= \"1f\"").ok());
  EXPECT_TRUE(bench.next(branch) == 0x1 || bench.next(branch) == 0x1f);
  ASSERT_TRUE(bench.table.set_grammar(branch, {}).ok());
  EXPECT_EQ(bench.next(branch), first);
  ASSERT_TRUE(bench.table.set_sampling(branch, {}).ok());
  const auto row = bench.row(branch);
  EXPECT_EQ(bench.next(branch), std::max_element(row.begin(), row.end()) - row.begin());
  EXPECT_EQ(bench.table.produce(bench.open()).status().code, Code::no_logits);
}

TEST(BranchTable, TheDrawIsAFunctionOfSeedAndCommits) {
  Bench bench(small);
  const SamplingParams params{.temperature = 2, .seed = 77};
  const auto branch = bench.open(params);
  ASSERT_TRUE(bench.prefill(branch, tokens(8)).ok());
  for (uint64_t commits = 0; commits < 5; ++commits) {
    const auto row = LogitsRow::copy(bench.row(branch));
    const Choice choice{*row, {}, nullptr, params, 0};
    EXPECT_EQ(bench.next(branch), draw(choice, {77, 0, commits}).value().token);
    // Draws of other counts differ, so the count cannot have been ignored.
    EXPECT_NE(bench.next(branch), draw(choice, {77, 0, commits + 1}).value().token);
    ASSERT_TRUE(bench.commit(branch, 5).ok());
  }
}

TEST(BranchState, APrefillDropsTheBytesOfAnUnfinishedCodePoint) {
  BranchState state;
  state.utf8.bytes = "\xF0\x9F";
  const BranchState next = prefilled(state, 3);
  EXPECT_TRUE(next.utf8.bytes.empty());
  EXPECT_EQ(next.position, 3);
}

} // namespace
} // namespace lloyal
