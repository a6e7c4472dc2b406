// The owner thread flies while the JavaScript thread goes on with everything that it may: what ThreadSanitizer watches.
#include <gtest/gtest.h>

#include <thread>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

const ContextParams small{.n_ctx = 512, .n_batch = 64, .n_ubatch = 16, .n_seq_max = 8};

TEST(Threads, AFlightSharesOnlyPlainValuesAndRowsWithTheBranchesThatStay) {
  Bench bench(small);
  const auto trunk = bench.open({.temperature = 0.8, .top_k = 40, .repeat_penalty = 1.1});
  ASSERT_TRUE(bench.prefill(trunk, tokens(40)).ok());
  for (int round = 0; round < 20; ++round) {
    const auto flying = bench.table.fork(trunk).value(), leaving = bench.table.fork(trunk).value();
    Flight flight = bench.table.take_off(FlightKind::run, {{flying, {9}}, {leaving, {10}}});
    std::thread owner([&] { fly(bench.decoder, flight, 3); });
    // Their row is one and the same, and its lazily made parts are asked for by whoever comes first.
    const auto staying = bench.table.fork(trunk).value();
    EXPECT_TRUE(bench.table.produce(staying).ok());
    EXPECT_TRUE(bench.table.sample(trunk).ok());
    EXPECT_GE(bench.table.row(trunk, "entropy").value()->entropy(), 0);
    EXPECT_TRUE(bench.table.set_logit_bias(staying, {{3, -1}}).ok());
    bench.table.close(leaving);
    bench.table.close(staying);
    EXPECT_GE(bench.decoder.decode_time().count(), 0);
    owner.join();
    bench.table.land(flight);
    EXPECT_TRUE(flight.status.ok());
    EXPECT_TRUE(bench.table.produce(flying).ok());
    bench.table.close(flying);
  }
  EXPECT_EQ(bench.cells(), 40);
}

TEST(Threads, AnAbortFromAnotherThreadLeavesTheCacheAsItWasWheneverItComes) {
  Bench bench(small);
  const auto trunk = bench.open();
  ASSERT_TRUE(bench.prefill(trunk, tokens(20)).ok());
  const auto row = bench.row(trunk);
  for (int round = 0; round < 20; ++round) {
    const auto branch = bench.table.fork(trunk).value();
    Flight flight = bench.table.take_off(FlightKind::prefill, {{branch, tokens(200)}});
    std::thread owner([&] { fly(bench.decoder, flight, 1); });
    bench.context->abort = true;
    owner.join();
    bench.context->abort = false;
    bench.table.land(flight);
    // It may come too late.
    if (!flight.status.ok()) {
      EXPECT_EQ(flight.status.code, Code::decode_failed);
      EXPECT_EQ(bench.row(branch), row);
    }
    EXPECT_EQ(bench.cells(), flight.status.ok() ? 220 : 20);
    bench.table.close(branch);
    EXPECT_EQ(bench.row(trunk), row);
  }
}

} // namespace
} // namespace lloyal
