#include "most_likely.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

namespace lloyal {
namespace {

// A heap whose root is the weakest of the kept: most tokens fail one comparison against it.
std::vector<Candidate> most_likely_few(std::span<const float> logits, size_t count) {
  std::vector<Candidate> kept;
  kept.reserve(count);
  float weakest = -INFINITY;
  const auto add = [&](size_t i) {
    // Ids come in order, so an equal logit is never the more likely one.
    if (!(logits[i] > weakest)) return;
    if (kept.size() == count) {
      std::pop_heap(kept.begin(), kept.end(), more_likely);
      kept.pop_back();
    }
    kept.push_back({static_cast<llama_token>(i), logits[i]});
    std::push_heap(kept.begin(), kept.end(), more_likely);
    if (kept.size() == count) weakest = static_cast<float>(kept.front().logit);
  };
  constexpr size_t stride = 16;
  size_t i = 0;
  for (; i + stride <= logits.size(); i += stride) {
    bool any = false;
    for (size_t lane = 0; lane < stride; ++lane) any |= logits[i + lane] > weakest;
    if (!any) continue;
    for (size_t lane = 0; lane < stride; ++lane) add(i + lane);
  }
  for (; i < logits.size(); ++i) add(i);
  std::sort_heap(kept.begin(), kept.end(), more_likely);
  return kept;
}

struct Keyed {
  uint32_t key;
  llama_token id;
};

// Ascends as the logit falls; equal for both zeros.
uint32_t key_of(float logit) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0f);
  return bits >> 31 != 0 ? bits : ~bits & 0x7fffffffu;
}

// Radix sort, a digit at a time from the lowest. What is equal keeps its order, which is that of the ids.
void sort_by_key(std::vector<Keyed>& entries) {
  constexpr uint32_t digit_bits = 11, digits = 1u << digit_bits;
  std::vector<Keyed> sorted(entries.size());
  for (uint32_t shift = 0; shift < 32; shift += digit_bits) {
    const auto digit_of = [shift](const Keyed& entry) { return entry.key >> shift & (digits - 1); };
    std::array<size_t, digits> next{};
    for (const Keyed& entry : entries) ++next[digit_of(entry)];
    size_t before = 0;
    for (size_t& place : next) before += std::exchange(place, before);
    for (const Keyed& entry : entries) sorted[next[digit_of(entry)]++] = entry;
    entries.swap(sorted);
  }
}

// The first half of a key tells how far down the `count` best reach; what stands higher or there is sorted.
std::vector<Candidate> most_likely_many(std::span<const float> logits, size_t count) {
  constexpr uint32_t half = 16;
  std::vector<uint32_t> standing(size_t{1} << half);
  for (const float logit : logits)
    if (logit > -INFINITY) ++standing[key_of(logit) >> half];
  uint32_t last = 0;
  for (size_t reached = standing[0]; reached < count && last + 1 < standing.size(); reached += standing[last]) ++last;

  std::vector<Keyed> entries;
  entries.reserve(std::min(logits.size(), count + count / 2));
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > -INFINITY)) continue;
    const uint32_t key = key_of(logits[i]);
    if (key >> half <= last) entries.push_back({key, static_cast<llama_token>(i)});
  }
  sort_by_key(entries);
  std::vector<Candidate> found;
  found.reserve(std::min(count, entries.size()));
  for (size_t i = 0; i < std::min(count, entries.size()); ++i)
    found.push_back({entries[i].id, logits[static_cast<size_t>(entries[i].id)]});
  return found;
}

} // namespace

std::vector<Candidate> most_likely(std::span<const float> logits, size_t count) {
  constexpr size_t few = 512;
  return count <= few ? most_likely_few(logits, count) : most_likely_many(logits, count);
}

} // namespace lloyal
