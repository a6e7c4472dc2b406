#pragma once

#include <string>
#include <vector>

#include "code_points.h"
#include "status.h"

namespace lloyal {

struct Instruction {
  // begin and end are ^ and $; group marks where the first group starts.
  enum class Kind { consume, split, begin, end, group, match } kind;
  size_t next = 0;
  size_t other = 0;                     // split: the less wanted way
  std::vector<CodePointRange> set = {}; // consume: one code point of these
};

// The program of a JavaScript regular expression. INVALID_ARGUMENT for what is no such expression, compiles to too
// much, or takes more than a walk from left to right: backreferences, lookarounds, \b. full: the whole text must match.
Result<std::vector<Instruction>> compile_pattern(const std::string& source, bool full);

} // namespace lloyal
