// Batches on a real cache: what they leave behind when they work, and that they leave nothing when they fail.
#include "flight.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

const ContextParams small{.n_ctx = 256, .n_batch = 32, .n_ubatch = 16, .n_seq_max = 4};

TEST(Flight, AForkIsItsParentBitByBit) {
  Bench bench(small);
  const auto parent = bench.open();
  ASSERT_TRUE(bench.prefill(parent, tokens(50)).ok());
  const auto child = bench.table.fork(parent).value();
  EXPECT_EQ(bench.generate(parent, 5), bench.generate(child, 5));
  EXPECT_EQ(bench.row(parent), bench.row(child));
}

TEST(Flight, PackedPrefillsAreTheSameAsAloneUpToTheirShape) {
  Bench bench(small);
  const auto a = bench.open(), b = bench.open(), c = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{a, tokens(9, 1)}, {b, tokens(40, 2)}, {c, tokens(9, 1)}}).status.ok());
  const auto alone = bench.open();
  ASSERT_TRUE(bench.prefill(alone, tokens(9, 1)).ok());
  EXPECT_EQ(bench.next(a), bench.next(alone));
  EXPECT_EQ(bench.next(c), bench.next(alone));
  EXPECT_EQ(bench.cells(), 9 + 40 + 9 + 9);
}

// Aborts a call after n of the callback's questions, for every n up to its end: wherever it is cut, every sequence
// of the call must be back where it was, and the same call must then give what it gives on a quiet cache.
void expect_all_or_nothing(FlightKind kind, int ticks, const std::vector<std::vector<llama_token>>& work) {
  Bench bench(small);
  std::vector<SequenceHandle> handles;
  std::vector<std::vector<float>> rows;
  std::vector<FlightRequest> requests;
  for (size_t i = 0; i < work.size(); ++i) {
    handles.push_back(bench.open());
    ASSERT_TRUE(bench.prefill(handles[i], tokens(5 + i, static_cast<int>(i))).ok());
    rows.push_back(bench.row(handles[i]));
    requests.push_back({handles[i], work[i]});
  }
  const int64_t cells = bench.cells();

  test::Fuse fuse(bench);
  int failures = 0;
  for (int length = 0;; length += 7) {
    fuse.light(length);
    const Status status = bench.fly(kind, requests, ticks).status;
    fuse.put_out();
    if (status.ok()) break;
    ++failures;
    ASSERT_EQ(status.code, Code::decode_failed);
    ASSERT_EQ(bench.cells(), cells);
    for (size_t i = 0; i < handles.size(); ++i) {
      ASSERT_EQ(bench.last_position(static_cast<llama_seq_id>(i)), 4 + static_cast<llama_pos>(i));
      ASSERT_EQ(bench.row(handles[i]), rows[i]);
    }
  }
  EXPECT_GT(failures, 5);

  Bench quiet(small);
  std::vector<FlightRequest> again;
  for (size_t i = 0; i < work.size(); ++i) {
    const auto handle = quiet.open();
    ASSERT_TRUE(quiet.prefill(handle, tokens(5 + i, static_cast<int>(i))).ok());
    again.push_back({handle, work[i]});
  }
  ASSERT_TRUE(quiet.fly(kind, again, ticks).status.ok());
  for (size_t i = 0; i < handles.size(); ++i) EXPECT_EQ(bench.row(handles[i]), quiet.row(again[i].handle));
}

TEST(Flight, AnAbortedPrefillOfManyBatchesLeavesNothing) {
  expect_all_or_nothing(FlightKind::prefill, 1, {tokens(50, 7), tokens(20, 8), tokens(3, 9)});
}

TEST(Flight, AnAbortedCommitLeavesNothing) {
  expect_all_or_nothing(FlightKind::commit, 1, {{9}, {10}, {11}});
}

TEST(Flight, AnAbortedRunTakesBackItsEarlierTicks) {
  expect_all_or_nothing(FlightKind::run, 3, {{9}, {10}, {11}});
}

TEST(Flight, APrefillThatCannotFitIsRefusedBeforeItCosts) {
  Bench bench(small);
  const auto a = bench.open(), b = bench.open();
  ASSERT_TRUE(bench.prefill(a, tokens(200)).ok());
  const Status status = bench.prefill(b, tokens(57));
  EXPECT_EQ(status.code, Code::kv_exhausted);
  EXPECT_EQ(status.facts, (Facts{{"needed", 57}, {"available", 56}}));
  EXPECT_TRUE(bench.prefill(b, tokens(56)).ok());
  EXPECT_EQ(bench.commit(b, 5).code, Code::kv_exhausted);
  EXPECT_EQ(bench.cells(), 256);
}

TEST(Flight, SharedCellsAreCountedOnceToTheVeryLast) {
  Bench bench(small);
  const auto a = bench.open();
  ASSERT_TRUE(bench.prefill(a, tokens(60)).ok());
  const auto b = bench.table.fork(a).value();
  EXPECT_EQ(bench.cells(), 60);
  for (int step = 1; step <= 98; ++step) {
    ASSERT_TRUE(bench.fly(FlightKind::commit, {{a, {5}}, {b, {6}}}).status.ok());
    ASSERT_EQ(bench.cells(), 60 + 2 * step);
  }
  EXPECT_EQ(bench.fly(FlightKind::commit, {{a, {5}}, {b, {6}}}).status.code, Code::kv_exhausted);
  bench.table.close(a);
  EXPECT_EQ(bench.cells(), 158);
  bench.table.close(b);
  EXPECT_EQ(bench.cells(), 0);
}

TEST(Flight, ARunEqualsItsCommitsAndProduces) {
  Bench bench(small);
  const auto a = bench.open({.temperature = 0.9, .seed = 11});
  ASSERT_TRUE(bench.prefill(a, tokens(12)).ok());
  const auto b = bench.table.fork(a).value();
  const Flight flight = bench.fly(FlightKind::run, {{a, {9}}}, 6);
  ASSERT_TRUE(flight.status.ok());
  ASSERT_TRUE(bench.commit(b, 9).ok());
  for (const Produced& produced : flight.entries[0].produced) {
    EXPECT_EQ(bench.next(b), produced.token);
    if (&produced != &flight.entries[0].produced.back()) ASSERT_TRUE(bench.commit(b, produced.token).ok());
  }
  EXPECT_EQ(bench.row(a), bench.row(b));
  EXPECT_EQ(bench.next(a), bench.next(b));
}

TEST(Flight, ATokenThatTheGrammarForbidsChangesNobody) {
  Bench bench(small);
  const auto free = bench.open(), bound = bench.open({}, "root ::= \"1f\" \"2\"");
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{free, tokens(4)}, {bound, tokens(4)}}).status.ok());
  const auto before = bench.next(bound);
  EXPECT_EQ(bench.fly(FlightKind::commit, {{free, {5}}, {bound, {5}}}).status.code, Code::grammar_rejected);
  EXPECT_EQ(bench.cells(), 8);
  EXPECT_EQ(bench.next(bound), before);
  EXPECT_TRUE(bench.fly(FlightKind::commit, {{free, {5}}, {bound, {0x1f}}}).status.ok());
}

TEST(Flight, AnAbortedBatchOfGuessesLeavesNothing) {
  Bench bench(small);
  const auto a = bench.open();
  ASSERT_TRUE(bench.prefill(a, tokens(5)).ok());
  const auto row = bench.row(a);
  test::Fuse fuse(bench);
  int failures = 0;
  for (int length = 0;; length += 7) {
    Flight flight = bench.table.take_off(FlightKind::run, {{a, {9}}});
    fuse.light(length);
    for (int tick = 0; tick < 3 && flight.status.ok(); ++tick) {
      flight.entries[0].draft = {11, 12, 13};
      fly(bench.decoder, flight, 1);
    }
    fuse.put_out();
    bench.table.land(flight);
    if (flight.status.ok()) break;
    ++failures;
    ASSERT_EQ(bench.cells(), 5);
    ASSERT_EQ(bench.last_position(0), 4);
    ASSERT_EQ(bench.row(a), row);
  }
  EXPECT_GT(failures, 5);
  EXPECT_EQ(bench.cells(), 5 + 3);
}

TEST(Flight, ArgumentsThatWouldAbortLlamaAreRefused) {
  Bench bench(small);
  const auto a = bench.open();
  for (const llama_token bad : {-1, test::tiny_vocab, 1 << 30}) {
    EXPECT_EQ(bench.prefill(a, {5, bad}).code, Code::invalid_argument);
    EXPECT_EQ(bench.commit(a, bad).code, Code::invalid_argument);
  }
  EXPECT_EQ(bench.table.check({{a, {1}}, {a, {2}}}, FlightKind::commit).code, Code::invalid_argument);
  EXPECT_EQ(bench.table.check({{a, {}}}, FlightKind::prefill).code, Code::invalid_argument);
  EXPECT_EQ(bench.table.check({{a + 1, {1}}}, FlightKind::commit).code, Code::branch_disposed);

  std::vector<std::shared_ptr<const LogitsRow>> rows;
  const std::vector<Row> too_many(33, Row{5, 0, 0, false});
  EXPECT_EQ(bench.decoder.decode(too_many, "test", rows).code, Code::invalid_argument);
  const std::vector<Row> outputs(4 + 16 + 1, Row{5, 0, 0, true});
  EXPECT_EQ(bench.decoder.decode(outputs, "test", rows).code, Code::invalid_argument);
  const std::vector<Row> stranger{{5, 0, 4, true}};
  EXPECT_EQ(bench.decoder.decode(stranger, "test", rows).code, Code::invalid_argument);
  EXPECT_EQ(bench.cells(), 0);
  EXPECT_EQ(Context::create(test::tiny_model(), {.n_seq_max = 257}).status().code, Code::invalid_argument);
}

} // namespace
} // namespace lloyal
