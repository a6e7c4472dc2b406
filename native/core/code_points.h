#pragma once

#include <utility>
#include <vector>

namespace lloyal {

constexpr char32_t last_code_point = 0x10FFFF;

// Inclusive.
using CodePointRange = std::pair<char32_t, char32_t>;

// Sorted, and joined where they touch.
std::vector<CodePointRange> merged(std::vector<CodePointRange> ranges);
// All other code points, sorted.
std::vector<CodePointRange> complement(std::vector<CodePointRange> ranges);

} // namespace lloyal
