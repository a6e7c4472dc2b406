#include "most_likely.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "logits_row.h"

namespace lloyal {
namespace {

std::vector<llama_token> ids_of(const std::vector<Candidate>& candidates) {
  std::vector<llama_token> ids;
  for (const Candidate& candidate : candidates) ids.push_back(candidate.id);
  return ids;
}

// Each one a way in which rows come to have ties, holes or nothing at all.
float logit_of(int kind, std::mt19937& random) {
  const auto one_of = [&](unsigned count) { return static_cast<float>(random() % count); };
  switch (kind) {
  case 0:
    return std::normal_distribution<float>(0, 3)(random);
  case 1:
    return one_of(4);
  case 2:
    return random() % 20 == 0 ? one_of(50) : -INFINITY;
  case 3:
    return random() % 3 == 0 ? one_of(100) : NAN;
  default:
    return random() % 2 == 0 ? 0.0f : -0.0f;
  }
}

TEST(MostLikely, EqualsTheBeginningOfASort) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<float> logits(1 + random() % 6000);
    for (float& logit : logits) logit = logit_of(round % 5, random);
    const size_t count = 1 + random() % 600;
    std::vector<Candidate> sorted;
    for (size_t i = 0; i < logits.size(); ++i)
      if (logits[i] > -INFINITY) sorted.push_back({static_cast<llama_token>(i), logits[i]});
    std::ranges::sort(sorted, more_likely);
    sorted.resize(std::min(count, sorted.size()));
    EXPECT_EQ(ids_of(most_likely(logits, count)), ids_of(sorted)) << "round " << round;
  }
}

TEST(LogitsRow, OfEqualLogitsTheFirstIsTheBestWhereverTheyStand) {
  std::vector<float> logits(20000, -1);
  for (const size_t best : {19999, 12345, 4096, 4095, 0}) {
    logits[best] = 7;
    EXPECT_EQ(LogitsRow::copy(logits)->argmax(), static_cast<llama_token>(best));
  }
}

} // namespace
} // namespace lloyal
