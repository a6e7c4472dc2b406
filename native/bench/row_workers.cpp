// What the compute threads spare a tick: rows of 152k copied and sampled one by one, and by all of them.
//
//   lloyal_row_workers THREADS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "row_workers.h"
#include "sampler.h"

using namespace lloyal;

int main(int argc, char** argv) {
  const int n_threads = argc > 1 ? std::atoi(argv[1]) : 2;
  ggml_threadpool_params params = ggml_threadpool_params_default(n_threads);
  ggml_threadpool* const pool = ggml_threadpool_new(&params);
  const auto workers = RowWorkers::on(pool, n_threads);
  if (!workers) return std::fprintf(stderr, "no threads\n"), 1;

  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(151936);
  for (float& logit : logits) logit = normal(random);
  const SamplingParams usual{.temperature = 0.8, .top_k = 40, .top_p = 0.95};

  for (const size_t rows : {1, 2, 4, 8, 16, 64}) {
    std::vector<llama_token> drawn(rows);
    const auto memory = std::make_shared<RowMemory>(logits.size());
    const auto work = [&](size_t i) {
      const auto row = LogitsRow::copy(logits, memory);
      const Edits none;
      drawn[i] = draw({*row, none, nullptr, usual, 10}, {1, 0, i}).value().token;
    };
    const auto median = [](auto&& call) {
      std::vector<double> micros;
      for (int round = 0; round < 41; ++round) {
        const auto start = std::chrono::steady_clock::now();
        call();
        micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
      }
      std::ranges::nth_element(micros, micros.begin() + 20);
      return micros[20];
    };
    const double alone = median([&] {
      for (size_t i = 0; i < rows; ++i) work(i);
    });
    const double together = median([&] { workers->for_each(rows, work); });
    const double idle = median([&] { workers->for_each(rows, [](size_t) {}); });
    std::printf("%2zu rows, %d threads: one by one %8.1f us, together %8.1f us, of it to begin and end %5.1f us\n",
                rows, n_threads, alone, together, idle);
  }
}
