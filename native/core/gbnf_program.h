#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gbnf.h"

namespace lloyal {

// One step of a grammar as a graph to walk.
//
//     x ::= "a" y?      read a ── fork ─┬─ call y ── exit
//                                       └─ exit
struct GbnfNode {
  enum class Kind : uint8_t { exit, read, fork, call } kind;
  uint32_t what; // read: which set; fork: one way; call: which rule
  uint32_t next; // of a fork: the other way
};

// A grammar, compiled. The code points that all its sets treat alike are one letter, so a set is a list of letters and
// an automaton needs one transition for each.
class GbnfProgram {
 public:
  using LetterRange = std::pair<uint32_t, uint32_t>; // inclusive

  explicit GbnfProgram(const GbnfRules& rules);

  const GbnfNode& node(uint32_t id) const { return nodes_[id]; }
  uint32_t entry(uint32_t rule) const { return entries_[rule]; }
  uint32_t root() const { return entries_[root_]; }
  // Sorted, apart.
  const std::vector<LetterRange>& set(uint32_t id) const { return sets_[id]; }
  uint32_t letter_count() const { return static_cast<uint32_t>(first_of_letter_.size()); }
  uint32_t letter_of(char32_t c) const;

 private:
  std::vector<GbnfNode> nodes_;
  std::vector<uint32_t> entries_; // by rule
  uint32_t root_;
  std::vector<std::vector<LetterRange>> sets_;
  std::vector<char32_t> first_of_letter_; // ascending; a letter ends where the next begins
  std::array<uint32_t, 128> ascii_letters_;
};

} // namespace lloyal
