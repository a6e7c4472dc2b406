// Microseconds that a fork takes on the owner thread when it is carried out, next to bare llama_memory_seq_cp at the same
// sizes, in turn.
//
//   lloyal_fork_cost MODEL CELLS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "branch_table.h"
#include "decode.h"
#include "log_capture.h"

using namespace lloyal;

namespace {

constexpr int rounds = 400;
using Clock = std::chrono::steady_clock;

double micros_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + rounds / 2, values.end());
  return values[rounds / 2];
}

bool prefill(Decoder& decoder, llama_seq_id seq, int cells) {
  for (int from = 0; from < cells; from += 512) {
    std::vector<Row> rows;
    for (int i = from; i < std::min(from + 512, cells); ++i) rows.push_back({32 + i % 64, i, seq, i == cells - 1});
    std::vector<std::shared_ptr<const LogitsRow>> out;
    if (!decoder.decode(rows, "prefill", out).ok()) return false;
  }
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  init_backend();
  const int cells = std::atoi(argv[2]);
  auto model = Model::load({.path = argv[1]}, [](float) { return true; });
  if (!model.ok()) return 3;
  ContextParams params{.n_ctx = static_cast<uint32_t>(cells) + 256, .n_seq_max = 4};
  auto created = Context::create(model.value(), params);
  if (!created.ok()) return 3;
  Context& context = *created.value();
  Decoder decoder(context);
  decoder.begin({});
  if (!prefill(decoder, 0, cells)) return 3;

  SeqPool pool(4);
  const SeqLease parent = pool.acquire();
  std::vector<double> bare, ours;
  for (int i = 0; i < rounds; ++i) {
    auto start = Clock::now();
    llama_memory_seq_cp(context.memory(), parent.id(), 3, -1, -1);
    bare.push_back(micros_since(start));
    llama_memory_seq_rm(context.memory(), 3, -1, -1);

    // All that a fork and the call after it do with cells: the lease is there, the copy is queued, the next call runs it.
    start = Clock::now();
    {
      const SeqLease child = pool.acquire();
      pool.queue({parent.id(), child.id()});
      decoder.begin(pool.take_queued());
      ours.push_back(micros_since(start));
    }
    decoder.begin(pool.take_queued());
  }
  std::printf("{\"cells\":%d,\"bareUs\":%.3f,\"materialiseUs\":%.3f}\n", cells, median(bare), median(ours));
}
