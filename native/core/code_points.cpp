#include "code_points.h"

#include <algorithm>

namespace lloyal {

std::vector<CodePointRange> merged(std::vector<CodePointRange> ranges) {
  std::ranges::sort(ranges);
  std::vector<CodePointRange> out;
  for (const auto& [low, high] : ranges) {
    if (!out.empty() && low <= out.back().second + 1)
      out.back().second = std::max(out.back().second, high);
    else
      out.emplace_back(low, high);
  }
  return out;
}

std::vector<CodePointRange> complement(std::vector<CodePointRange> ranges) {
  std::vector<CodePointRange> out;
  char32_t from = 0;
  for (const auto& [low, high] : merged(std::move(ranges))) {
    if (low > from) out.emplace_back(from, low - 1);
    from = high + 1;
  }
  if (from <= last_code_point) out.emplace_back(from, last_code_point);
  return out;
}

} // namespace lloyal
