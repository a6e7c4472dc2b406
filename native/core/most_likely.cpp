#include "most_likely.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "row_sums.h"

namespace lloyal {
namespace {

// A logit that at least `count` tokens reach, and few more, given the highest of each of many groups: each of the
// `count` best groups has a token that reaches the lowest of their maxima.
float bar_for(std::vector<float> maxima, size_t count) {
  constexpr float lowest = std::numeric_limits<float>::lowest();
  if (maxima.size() < count) return lowest;
  const auto last = maxima.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  std::nth_element(maxima.begin(), last, maxima.end(), std::greater<>());
  return std::max(*last, lowest);
}

std::vector<Candidate> most_likely_few(std::span<const float> logits, size_t count) {
  // Four times as many groups as tokens are sought; whole vectors of the widest processors.
  constexpr size_t lanes = 16;
  const size_t group_size = (logits.size() / (4 * count) / lanes + 1) * lanes;
  const auto group_at = [&](size_t begin) {
    return logits.subspan(begin, std::min(group_size, logits.size() - begin));
  };
  std::vector<float> maxima;
  maxima.reserve(logits.size() / group_size + 1);
  for (size_t begin = 0; begin < logits.size(); begin += group_size) maxima.push_back(highest(group_at(begin)));

  const float bar = bar_for(maxima, count);
  std::vector<Candidate> found;
  found.reserve(2 * count);
  for (size_t group = 0; group < maxima.size(); ++group) {
    if (!(maxima[group] >= bar)) continue;
    auto token = static_cast<llama_token>(group * group_size);
    for (const float logit : group_at(group * group_size)) {
      if (logit >= bar) found.push_back({token, logit});
      ++token;
    }
  }
  if (found.size() > count) {
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(found.begin(), end, found.end(), more_likely);
    found.erase(end, found.end());
  }
  std::ranges::sort(found, more_likely);
  return found;
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
