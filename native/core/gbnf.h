#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "code_points.h"
#include "status.h"

namespace lloyal {

struct GbnfExpression {
  enum class Kind { literal, read, call, sequence, choice, repeat } kind;
  std::u32string text = {};                // literal
  std::vector<CodePointRange> ranges = {}; // read: one code point of these; sorted, apart
  size_t rule = 0;                         // call
  std::vector<GbnfExpression> parts = {};  // sequence, choice; the one that is repeated
  int64_t least = 0, most = 0;             // repeat; a negative `most` is no end
  int height = 1;
};

struct GbnfRules {
  std::vector<std::string> names;
  std::vector<GbnfExpression> bodies; // by rule
  size_t root = 0;
};

// Reads GBNF as llama.cpp does, and refuses what that lets pass in silence: a rule defined twice, an empty class, a
// range upside down, a repetition over its limit. GRAMMAR_INVALID.
// Needs a text that check_grammar_limits lets pass: groups recurse.
Result<GbnfRules> parse_gbnf(std::string_view text);

// GRAMMAR_INVALID for rules of which one can come back to itself before it has read a character, directly, through
// others, or because what stands before can be empty: to follow it would never end. `(a*)*` is one of them.
Status check_left_recursion(const GbnfRules& rules);

} // namespace lloyal
