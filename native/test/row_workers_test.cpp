#include "row_workers.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

TEST(RowWorkers, DoEachPieceOfWorkOnceAndHaveDoneAllOfItOnReturn) {
  Bench bench({.n_ctx = 256, .n_threads_batch = 3});
  for (size_t count = 0; count < 40; ++count) {
    // No atomics: each piece has a place of its own, and ThreadSanitizer watches.
    std::vector<int> calls(count);
    bench.context->workers().for_each(count, [&](size_t i) { ++calls[i]; });
    EXPECT_EQ(calls, std::vector<int>(count, 1));
  }
}

TEST(RowWorkers, ThrowWhatAPieceOfWorkThrewAfterTheOthers) {
  Bench bench({.n_ctx = 256, .n_threads_batch = 2});
  std::vector<int> calls(20);
  const auto work = [&](size_t i) {
    ++calls[i];
    if (i % 7 == 3) throw std::runtime_error("from a row");
  };
  EXPECT_THROW(bench.context->workers().for_each(calls.size(), work), std::runtime_error);
  EXPECT_EQ(calls, std::vector<int>(20, 1));
  bench.context->workers().for_each(2, [](size_t) {});
}

TEST(RowWorkers, ATickGivesTheSameRowsAndTokensOnAnyNumberOfThreads) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "llama.cpp, which is not instrumented, computes on several threads here";
#endif
  const auto written = [](int32_t n_threads_batch) {
    Bench bench({.n_ctx = 512, .n_ubatch = 16, .n_seq_max = 8, .n_threads_batch = n_threads_batch});
    std::vector<FlightRequest> requests;
    for (uint32_t seed = 0; seed < 8; ++seed) {
      const SamplingParams params{.temperature = 1.5, .top_p = 0.9, .seed = seed, .repeat_penalty = 1.2};
      requests.push_back({bench.open(params, seed % 2 == 0 ? std::optional("root ::= [0-9a-f]+") : std::nullopt), {9}});
      EXPECT_TRUE(bench.prefill(requests.back().handle, tokens(10, static_cast<int>(seed))).ok());
    }
    for (FlightRequest& request : requests) request.tokens = {bench.next(request.handle)};
    const Flight flight = bench.fly(FlightKind::run, requests, 6);
    EXPECT_TRUE(flight.status.ok());
    std::vector<std::pair<std::vector<float>, std::vector<llama_token>>> all;
    for (const FlightEntry& entry : flight.entries) {
      all.push_back({bench.row(entry.handle), {}});
      for (const Produced& produced : entry.produced) all.back().second.push_back(produced.token);
    }
    return all;
  };
  EXPECT_EQ(written(1), written(4));
}

} // namespace
} // namespace lloyal
