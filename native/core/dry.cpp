#include "dry.h"

#include <algorithm>

namespace lloyal {

std::vector<std::pair<llama_token, size_t>> repetitions(std::span<const llama_token> window,
                                                        std::span<const llama_token> breakers) {
  const auto breaks = [&](llama_token token) { return std::ranges::find(breakers, token) != breakers.end(); };
  const size_t count = window.size();
  const auto from_end = [&](size_t i) { return window[count - 1 - i]; };
  size_t longest = 0;
  while (longest < count && !breaks(from_end(longest))) ++longest;

  // The Z function of the window read backwards: z[i] tokens before and at i from the end are the window's own end.
  std::vector<std::pair<llama_token, size_t>> found;
  std::vector<size_t> z(count, 0);
  size_t left = 0, right = 0;
  for (size_t i = 1; i < count; ++i) {
    if (i < right) z[i] = std::min(right - i, z[i - left]);
    while (i + z[i] < count && from_end(z[i]) == from_end(i + z[i])) ++z[i];
    if (i + z[i] > right) left = i, right = i + z[i];
    const size_t length = std::min(z[i], longest);
    const llama_token next = from_end(i - 1);
    if (length > 0 && !breaks(next)) found.emplace_back(next, length);
  }
  // The longest of each token first, so that it is the one that stays.
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return a.first < b.first || (a.first == b.first && a.second > b.second);
  });
  const auto same = std::ranges::unique(found, {}, [](const auto& entry) { return entry.first; });
  found.erase(same.begin(), same.end());
  return found;
}

} // namespace lloyal
