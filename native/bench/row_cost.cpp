// Host microseconds per row of logits at a vocabulary of 152k: what every tick costs beside the decode.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "sampler.h"

using namespace lloyal;

namespace {

constexpr int rounds = 200;

// A row as models give it: a few likely tokens over a wide tail.
std::vector<float> row_of(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> tail(0, 2.5f);
  std::vector<float> logits(151936);
  for (float& logit : logits) logit = tail(random);
  for (int i = 0; i < 50; ++i) logits[random() % logits.size()] = 8 + 8 * static_cast<float>(random() % 1000) / 1000;
  return logits;
}

template <typename Work> void measure(const char* what, const Work& work) {
  std::vector<double> micros;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work(i);
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%-52s median %7.1f us   p95 %7.1f us\n", what, micros[rounds / 2], micros[rounds * 95 / 100]);
}

} // namespace

int main() {
  const std::vector<float> logits = row_of(1);
  TokenWindow window;
  for (llama_token token = 0; token < 64; ++token) window = window.with(token * 7);
  double sink = 0;

  const auto memory = std::make_shared<RowMemory>(logits.size());
  // A fresh row each time, so that nothing is found that an earlier round has left in it.
  const auto with = [&](const char* what, const SamplingParams& params) {
    measure(what, [&](int round) {
      const auto row = LogitsRow::copy(logits, memory);
      const Edits edits(*row, nullptr, nullptr, window, params);
      auto drawn = draw({*row, edits, nullptr, params, 10}, {1, 0, static_cast<uint64_t>(round)});
      sink += drawn.value().surprisal;
    });
  };
  measure("copy of the row, its argmax, logZ and entropy",
          [&](int) { sink += LogitsRow::copy(logits, memory)->entropy(); });
  with("the same, greedy", {});
  with("the same, greedy with penalties", {.repeat_penalty = 1.1});
  const SamplingParams usual{
      .temperature = 0.8, .top_k = 40, .top_p = 0.95, .repeat_penalty = 1.1, .frequency_penalty = 0.1};
  with("the same, temperature, top-k, top-p, penalties", usual);
  with("the same, temperature alone", {.temperature = 0.8});
  with("the same, top-p alone", {.temperature = 0.8, .top_p = 0.95});
  with("the same, min-p and DRY", {.temperature = 0.8, .min_p = 0.05, .dry_multiplier = 0.8});
  with("the same, typical", {.temperature = 0.8, .typical_p = 0.9});
  with("the same, top-n-sigma", {.temperature = 0.8, .top_n_sigma = 1});
  with("the same, XTC", {.temperature = 0.8, .xtc_probability = 1});
  with("the same, dynamic temperature", {.temperature = 0.8, .dynatemp_range = 0.5});
  with("the same, mirostat 1", {.temperature = 0.8, .mirostat = 1});
  with("the same, mirostat 2", {.temperature = 0.8, .mirostat = 2});
  const auto shared = LogitsRow::copy(logits, memory);
  const Edits edits(*shared, nullptr, nullptr, window, usual);
  measure("a fork's draw from the same row, as the fourth", [&](int round) {
    sink += draw({*shared, edits, nullptr, usual, 10}, {1, 0, static_cast<uint64_t>(round)}).value().surprisal;
  });
  return sink == 0.5 ? 1 : 0;
}
