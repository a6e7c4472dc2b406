// Pike's machine: R. Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009.
#include "pattern.h"

#include <algorithm>

#include "utf8.h"

namespace lloyal {
namespace {

bool contains(const std::vector<CodePointRange>& set, char32_t c) {
  return std::ranges::any_of(set, [&](const CodePointRange& range) { return range.first <= c && c <= range.second; });
}

} // namespace

Result<std::shared_ptr<const Pattern>> Pattern::compile(const std::string& source, bool full) {
  auto program = compile_pattern(source, full);
  if (!program.ok()) return program.status();
  auto pattern = std::make_shared<Pattern>();
  pattern->program_ = std::move(program.value());
  return std::shared_ptr<const Pattern>(std::move(pattern));
}

PatternSearch::PatternSearch(std::shared_ptr<const Pattern> pattern)
    : pattern_(std::move(pattern)), visited_(pattern_->program().size(), 0) {
  next_round();
  follow({0, 0, {}}, false, threads_);
}

// Adds the instructions that `thread` can wait at. $ holds only at the end: until then a thread waits before it.
void PatternSearch::follow(Thread thread, bool at_end, std::vector<Thread>& out) {
  std::vector<Thread> stack{thread};
  while (!stack.empty()) {
    Thread now = stack.back();
    stack.pop_back();
    // Who came first is more wanted.
    if (visited_[now.at] == round_) continue;
    visited_[now.at] = round_;
    const Instruction& instruction = pattern_->program()[now.at];
    const Thread next{instruction.next, now.start, now.group};
    switch (instruction.kind) {
    case Instruction::Kind::split:
      stack.push_back({instruction.other, now.start, now.group});
      stack.push_back(next);
      break;
    case Instruction::Kind::begin:
      if (offset_ == 0) stack.push_back(next);
      break;
    case Instruction::Kind::group:
      stack.push_back({instruction.next, now.start, offset_});
      break;
    case Instruction::Kind::end:
      if (at_end)
        stack.push_back(next);
      else
        out.push_back(now);
      break;
    default:
      out.push_back(now);
    }
  }
}

std::optional<size_t> PatternSearch::read(std::string_view text) {
  const std::vector<Instruction>& program = pattern_->program();
  std::optional<size_t> found;
  // Threads behind a match are less wanted than it.
  const auto settle = [&](std::vector<Thread>& threads) {
    const auto match =
        std::ranges::find_if(threads, [&](const Thread& t) { return program[t.at].kind == Instruction::Kind::match; });
    if (match == threads.end()) return;
    found = match->group.value_or(match->start);
    threads.erase(match, threads.end());
  };
  settle(threads_);
  for (const char32_t c : utf8_decode(text)) {
    offset_ += utf8_length(c);
    next_round();
    std::vector<Thread> next;
    for (const Thread& thread : threads_) {
      const Instruction& instruction = program[thread.at];
      if (instruction.kind == Instruction::Kind::consume && contains(instruction.set, c))
        follow({instruction.next, thread.start, thread.group}, false, next);
    }
    // A match may start here too, unless an earlier one has been found.
    if (!found) follow({0, offset_, {}}, false, next);
    threads_ = std::move(next);
    settle(threads_);
  }
  next_round();
  std::vector<Thread> at_end;
  for (const Thread& thread : threads_)
    if (program[thread.at].kind == Instruction::Kind::end) follow(thread, true, at_end);
  settle(at_end);
  return found;
}

void PatternSearch::forget_before(size_t offset) {
  std::erase_if(threads_, [&](const Thread& thread) { return thread.start < offset; });
}

size_t PatternSearch::earliest() const {
  size_t earliest = offset_;
  for (const Thread& thread : threads_) earliest = std::min(earliest, thread.start);
  return earliest;
}

} // namespace lloyal
