// Random trees on a real cache with real aborts, against a model that is plain enough to be right: a map from each
// handle to the cells that it sees. What is counted is llama.cpp's own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::Fuse;
using test::tokens;

constexpr ContextParams small{.n_ctx = 256, .n_batch = 32, .n_ubatch = 16, .n_seq_max = 6};

class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed), bench_(small), fuse_(bench_) {}

  void grow(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      switch (below(8)) {
      case 0:
        open();
        break;
      case 1:
        fork();
        break;
      case 2:
        close();
        break;
      case 3:
      case 4:
        fly(FlightKind::prefill, 1);
        break;
      case 5:
      case 6:
        fly(FlightKind::commit, 1);
        break;
      default:
        fly(FlightKind::run, 1 + below(3));
      }
      ASSERT_EQ(bench_.cells(), used()) << "after step " << step;
    }
    while (!branches_.empty()) close();
    EXPECT_EQ(bench_.cells(), 0);
  }

  int failures = 0;

 private:
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
  bool chance(int percent) { return below(100) < percent; }

  int64_t used() const {
    std::set<int> cells;
    for (const auto& [handle, own] : branches_) cells.insert(own.begin(), own.end());
    return static_cast<int64_t>(cells.size());
  }

  SequenceHandle any() { return std::next(branches_.begin(), below(static_cast<int>(branches_.size())))->first; }

  // Stages with a state of their own among them: a failed batch must leave that alone too.
  SamplingParams random_sampling() {
    SamplingParams params{.temperature = 1, .seed = static_cast<uint32_t>(below(100)), .repeat_penalty = 1.2};
    params.mirostat = below(3);
    params.dry_multiplier = below(2);
    return params;
  }

  void open() {
    auto handle = bench_.table.open(random_sampling(), {});
    ASSERT_EQ(handle.ok(), branches_.size() < small.n_seq_max);
    if (handle.ok()) branches_[handle.value()] = {};
  }

  void fork() {
    if (branches_.empty()) return;
    const SequenceHandle parent = any();
    auto child = bench_.table.fork(parent);
    ASSERT_EQ(child.ok(), branches_.size() < small.n_seq_max);
    if (child.ok()) branches_[child.value()] = branches_[parent];
  }

  void close() {
    if (branches_.empty()) return;
    close(any());
  }

  void close(SequenceHandle handle) {
    bench_.table.close(handle);
    branches_.erase(handle);
  }

  std::vector<FlightRequest> some_requests(FlightKind kind) {
    std::vector<FlightRequest> requests;
    for (const auto& [handle, cells] : branches_)
      if (chance(60))
        requests.push_back(
            {handle, tokens(kind == FlightKind::prefill ? 1 + static_cast<size_t>(below(40)) : 1, below(1000))});
    return requests;
  }

  struct View {
    std::vector<float> row;
    llama_token next = LLAMA_TOKEN_NULL;
    double sampling_surprisal = 0;

    bool operator==(const View&) const = default;
  };

  // What can be seen of a branch: its row, the token that it would produce, and what it has written.
  View look(SequenceHandle handle) {
    if (!bench_.table.row(handle, "look").ok()) return {};
    return {bench_.row(handle), bench_.next(handle), bench_.table.surprisals(handle).value().sampling};
  }

  void fly(FlightKind kind, int ticks) {
    const std::vector<FlightRequest> requests = some_requests(kind);
    std::map<SequenceHandle, View> before;
    for (const FlightRequest& request : requests) before[request.handle] = look(request.handle);
    const int64_t free = small.n_ctx - used();

    ASSERT_TRUE(bench_.table.check(requests, kind).ok());
    Flight flight = bench_.table.take_off(kind, requests);
    for (const FlightEntry& entry : flight.entries)
      ASSERT_EQ(entry.start, static_cast<llama_pos>(branches_[entry.handle].size()));
    if (chance(30)) fuse_.light(below(150));
    if (chance(20)) close();
    lloyal::fly(bench_.decoder, flight, ticks);
    fuse_.put_out();
    if (chance(20)) close();
    bench_.table.land(flight);

    for (size_t i = 0; i < requests.size(); ++i) {
      const SequenceHandle handle = requests[i].handle;
      const auto branch = branches_.find(handle);
      if (branch == branches_.end()) continue;
      if (flight.status.ok()) {
        // All that was produced but its last token is written.
        const size_t ran = kind == FlightKind::run ? flight.entries[i].produced.size() : requests[i].tokens.size();
        for (size_t cell = 0; cell < ran; ++cell) branch->second.push_back(next_cell_++);
      } else {
        ASSERT_EQ(look(handle), before[handle]);
      }
    }
    if (flight.status.ok()) return;
    ++failures;
    if (flight.status.code == Code::decode_failed) return;
    ASSERT_EQ(flight.status.code, Code::kv_exhausted);
    int64_t wanted = 0;
    for (const FlightRequest& request : requests) wanted += static_cast<int64_t>(request.tokens.size()) * ticks;
    ASSERT_GT(wanted, free);
  }

  std::mt19937 random_;
  Bench bench_;
  Fuse fuse_;
  std::map<SequenceHandle, std::vector<int>> branches_;
  int next_cell_ = 0;
};

TEST(Trees, HoldTheCellsOfTheirModelAtEveryPoint) {
  const char* runs = std::getenv("LLOYAL_RUNS");
  const unsigned seeds = runs ? static_cast<unsigned>(std::atoi(runs)) : 200;
  int failures = 0;
  for (unsigned seed = 0; seed < seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTree tree(seed);
    tree.grow(60);
    failures += tree.failures;
  }
  // Without failures nothing of this would have been tried. (A few seeds may have none.)
  EXPECT_GT(failures, static_cast<int>(seeds) - 20);
}

} // namespace
} // namespace lloyal
