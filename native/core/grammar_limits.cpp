#include "grammar_limits.h"

namespace lloyal {
namespace {

constexpr size_t max_bytes = size_t{1} << 20;
constexpr int max_depth = 256;
// Left recursion is searched one native stack frame per rule.
constexpr int max_rules = 8192;
// Every repeated element is copied, so a text of "a{2000}" would cost a thousand times its length.
constexpr int64_t max_repeats = 1 << 16;

Status invalid(const char* reason, size_t at) {
  return {Code::grammar_invalid, reason, {{"at", static_cast<int64_t>(at)}}};
}

// The index of the closing quote or bracket of the literal that opens at `open`, or npos.
size_t skip_literal(std::string_view gbnf, size_t open, char close) {
  for (size_t i = open + 1; i < gbnf.size(); ++i) {
    if (gbnf[i] == '\\')
      ++i;
    else if (gbnf[i] == close)
      return i;
  }
  return std::string_view::npos;
}

// The larger number inside "{m,n}", which opens at `open`.
int64_t repeat_count(std::string_view gbnf, size_t open) {
  int64_t most = 0;
  int64_t number = 0;
  for (size_t i = open + 1; i < gbnf.size() && gbnf[i] != '}'; ++i) {
    const bool digit = gbnf[i] >= '0' && gbnf[i] <= '9';
    number = digit ? number * 10 + (gbnf[i] - '0') : 0;
    if (number > most) most = number;
    if (most > max_repeats) break;
  }
  return most;
}

} // namespace

Status check_grammar_limits(std::string_view gbnf) {
  if (gbnf.size() > max_bytes) return invalid("the grammar is longer than 1 MiB", max_bytes);
  int depth = 0;
  int rules = 0;
  int64_t repeats = 0;
  for (size_t i = 0; i < gbnf.size(); ++i) {
    switch (gbnf[i]) {
    case '\0':
      return invalid("the grammar contains a zero byte", i);
    case '#':
      while (i + 1 < gbnf.size() && gbnf[i + 1] != '\n') ++i;
      break;
    case '"':
    case '[': {
      const size_t end = skip_literal(gbnf, i, gbnf[i] == '"' ? '"' : ']');
      if (end == std::string_view::npos) return invalid("a string or character class is not closed", i);
      i = end;
      break;
    }
    case '(':
      if (++depth > max_depth) return invalid("the grammar nests deeper than 256 groups", i);
      break;
    case ')':
      if (--depth < 0) return invalid("a group is closed that was not opened", i);
      break;
    case '{':
      repeats += repeat_count(gbnf, i);
      if (repeats > max_repeats) return invalid("the grammar repeats more than 65536 elements", i);
      break;
    case '<':
      return invalid("a grammar of text cannot name a token id", i);
    case ':':
      if (gbnf.substr(i, 3) == "::=" && ++rules > max_rules) return invalid("the grammar has more than 8192 rules", i);
      break;
    default:
      break;
    }
  }
  if (depth != 0) return invalid("a group is not closed", gbnf.size());
  if (rules == 0) return invalid("the grammar has no rules", 0);
  return {};
}

} // namespace lloyal
