#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pattern_compiler.h"
#include "status.h"

namespace lloyal {

// A JavaScript regular expression of the kinds that a machine can follow without ever going back: literals, classes,
// groups, alternatives, repetitions, ^ and $. Compiled once, shared.
class Pattern {
 public:
  // As compile_pattern.
  static Result<std::shared_ptr<const Pattern>> compile(const std::string& source, bool full);

  const std::vector<Instruction>& program() const { return program_; }

 private:
  std::vector<Instruction> program_;
};

// The search for a pattern in a text that arrives piece by piece. Each code point costs at most a visit to each
// instruction, however long the text is. A value: reading on from a copy leaves the original.
class PatternSearch {
 public:
  explicit PatternSearch(std::shared_ptr<const Pattern> pattern);

  // Reads valid UTF-8. Where the text so far holds a match, the offset at which its first group, or the match, starts.
  std::optional<size_t> read(std::string_view text);
  // Gives up matches that start before this offset.
  void forget_before(size_t offset);
  // Offset of the earliest start that may still become a match.
  size_t earliest() const;

 private:
  struct Thread {
    size_t at;
    size_t start;
    std::optional<size_t> group;
  };

  void follow(Thread thread, bool at_end, std::vector<Thread>& out);
  void next_round() { ++round_; }

  std::shared_ptr<const Pattern> pattern_;
  size_t offset_ = 0;           // bytes read
  std::vector<Thread> threads_; // the most wanted first
  std::vector<uint32_t> visited_;
  uint32_t round_ = 0;
};

} // namespace lloyal
