// Thompson's construction and Pike's machine: R. Cox, "Regular Expression Matching: the Virtual Machine Approach",
// 2009.
#include "pattern.h"

#include <algorithm>

namespace lloyal {
namespace {

constexpr size_t source_max = 1024;
constexpr size_t program_max = 4096;
constexpr int depth_max = 50;
constexpr int repeat_max = 1000;
constexpr char32_t last_code_point = 0x10FFFF;

struct Refused {
  std::string why;
};

std::u32string decode(std::string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (size_t k = 1; k < length && i + k < text.size(); ++k) c = c << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3Fu);
    out.push_back(c);
    i += length;
  }
  return out;
}

size_t utf8_length(char32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

CodePointSet class_of(char32_t letter) {
  switch (letter | 0x20) {
  case U'd':
    return {{{U'0', U'9'}}, letter == U'D'};
  case U'w':
    return {{{U'a', U'z'}, {U'A', U'Z'}, {U'0', U'9'}, {U'_', U'_'}}, letter == U'W'};
  default:
    return {{{U'\t', U'\r'},
             {U' ', U' '},
             {0xA0, 0xA0},
             {0x1680, 0x1680},
             {0x2000, 0x200A},
             {0x2028, 0x2029},
             {0x202F, 0x202F},
             {0x205F, 0x205F},
             {0x3000, 0x3000},
             {0xFEFF, 0xFEFF}},
            letter == U'S'};
  }
}

bool is_class_letter(char32_t c) {
  return std::u32string_view(U"dDwWsS").find(c) != std::u32string_view::npos;
}

// Recursive descent that emits as it reads. A fragment is built in a program of its own whose last instruction leads
// to its end, so that repetitions can place it several times.
class Compiler {
 public:
  using Program = std::vector<Instruction>;
  using Kind = Instruction::Kind;

  explicit Compiler(std::u32string source) : source_(std::move(source)) {}

  Program whole(bool full) {
    Program out;
    if (full) out.push_back({Kind::begin, 1});
    append(out, alternatives(0));
    if (!done()) throw Refused{"an unmatched )"};
    if (full) out.push_back({Kind::end, out.size() + 1});
    out.push_back({Kind::match});
    return out;
  }

 private:
  bool done() const { return at_ == source_.size(); }
  char32_t peek() const { return done() ? 0 : source_[at_]; }
  bool take(char32_t c) {
    if (done() || source_[at_] != c) return false;
    ++at_;
    return true;
  }
  char32_t take_any() {
    if (done()) throw Refused{"it ends too early"};
    return source_[at_++];
  }

  static void append(Program& out, const Program& part) {
    const size_t base = out.size();
    if (base + part.size() > program_max) throw Refused{"it compiles to too much"};
    for (Instruction instruction : part) {
      instruction.next += base;
      instruction.other += base;
      out.push_back(std::move(instruction));
    }
  }

  Program alternatives(int depth) {
    if (depth > depth_max) throw Refused{"its groups are nested too deeply"};
    Program first = sequence(depth);
    if (!take(U'|')) return first;
    const Program second = alternatives(depth + 1);
    // split -> first -> over the second; the jump is a split with one way.
    Program out{{Kind::split, 1, first.size() + 2}};
    append(out, first);
    const size_t end = out.size() + 1 + second.size();
    out.push_back({Kind::split, end, end});
    append(out, second);
    return out;
  }

  Program sequence(int depth) {
    Program out;
    while (!done() && peek() != U'|' && peek() != U')') append(out, repeated(atom(depth)));
    return out;
  }

  Program atom(int depth) {
    const char32_t c = take_any();
    switch (c) {
    case U'(':
      return group(depth);
    case U'[':
      return one(bracket());
    case U'.':
      return one({{{U'\n', U'\n'}, {U'\r', U'\r'}, {0x2028, 0x2029}}, true});
    case U'^':
      return {{Kind::begin, 1}};
    case U'$':
      return {{Kind::end, 1}};
    case U'\\':
      if (is_class_letter(peek())) return one(class_of(take_any()));
      return one(literal(escaped()));
    case U'*':
    case U'+':
    case U'?':
      throw Refused{"nothing to repeat"};
    default:
      return one(literal(c));
    }
  }

  Program group(int depth) {
    bool captures = true;
    if (take(U'?')) {
      if (!take(U':')) throw Refused{"of the groups with ?, only (?: is known"};
      captures = false;
    }
    const bool is_first = captures && groups_++ == 0;
    Program out;
    if (is_first) out.push_back({Kind::group, 1});
    append(out, alternatives(depth + 1));
    if (!take(U')')) throw Refused{"an unmatched ("};
    return out;
  }

  static CodePointSet literal(char32_t c) { return {{{c, c}}}; }
  static Program one(CodePointSet set) { return {{Kind::consume, 1, 0, std::move(set)}}; }

  char32_t escaped() {
    const char32_t c = take_any();
    switch (c) {
    case U'n':
      return U'\n';
    case U't':
      return U'\t';
    case U'r':
      return U'\r';
    case U'f':
      return U'\f';
    case U'v':
      return U'\v';
    case U'x':
      return hexadecimal(2);
    case U'u':
      return hexadecimal(4);
    default:
      if ((c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'))
        throw Refused{"this escape is not known"};
      return c;
    }
  }

  char32_t hexadecimal(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const char32_t c = take_any();
      const size_t digit = std::u32string_view(U"0123456789abcdefABCDEF").find(c);
      if (digit == std::u32string_view::npos) throw Refused{"an escape lacks its digits"};
      value = value * 16 + static_cast<char32_t>(digit < 16 ? digit : digit - 6);
    }
    return value;
  }

  CodePointSet bracket() {
    CodePointSet set;
    set.negated = take(U'^');
    while (!take(U']')) {
      if (peek() == U'\\' && at_ + 1 < source_.size() && is_class_letter(source_[at_ + 1])) {
        ++at_;
        add(set, class_of(take_any()));
        continue;
      }
      const char32_t first = bracket_character();
      char32_t last = first;
      const bool is_range = peek() == U'-' && at_ + 1 < source_.size() && source_[at_ + 1] != U']';
      if (is_range) {
        ++at_;
        if (peek() == U'\\' && at_ + 1 < source_.size() && is_class_letter(source_[at_ + 1]))
          throw Refused{"a range ends with a class"};
        last = bracket_character();
      }
      if (last < first) throw Refused{"a range goes backwards"};
      set.ranges.emplace_back(first, last);
    }
    return set;
  }

  char32_t bracket_character() {
    const char32_t c = take_any();
    return c == U'\\' ? escaped() : c;
  }

  // A negated class within a set: the gaps between its ranges.
  static void add(CodePointSet& set, CodePointSet part) {
    if (!part.negated) {
      set.ranges.insert(set.ranges.end(), part.ranges.begin(), part.ranges.end());
      return;
    }
    std::ranges::sort(part.ranges);
    char32_t from = 0;
    for (const auto& [first, last] : part.ranges) {
      if (first > from) set.ranges.emplace_back(from, first - 1);
      from = last + 1;
    }
    set.ranges.emplace_back(from, last_code_point);
  }

  Program repeated(Program part) {
    int least = 1, most = 1; // -1: no end
    if (take(U'*'))
      least = 0, most = -1;
    else if (take(U'+'))
      most = -1;
    else if (take(U'?'))
      least = 0;
    else if (!counted(least, most))
      return part;
    const bool lazy = take(U'?');
    if (std::u32string_view(U"*+?").find(peek()) != std::u32string_view::npos && !done())
      throw Refused{"nothing to repeat"};
    Program out;
    for (int i = 0; i < least; ++i) append(out, part);
    for (int i = least; i < most; ++i) append(out, optional(part, lazy));
    if (most < 0) append(out, star(part, lazy));
    return out;
  }

  // {n}, {n,} or {n,m}; anything else after a brace makes it a literal, as in JavaScript.
  bool counted(int& least, int& most) {
    const size_t from = at_;
    if (!take(U'{')) return false;
    const auto first = number();
    std::optional<int> second = first;
    if (first && take(U',')) second = peek() == U'}' ? std::optional<int>(-1) : number();
    if (!first || !second || !take(U'}')) {
      at_ = from;
      return false;
    }
    if (*second >= 0 && *second < *first) throw Refused{"a repetition counts backwards"};
    least = *first;
    most = *second;
    return true;
  }

  std::optional<int> number() {
    std::optional<int> value;
    while (!done() && peek() >= U'0' && peek() <= U'9') {
      value = value.value_or(0) * 10 + static_cast<int>(take_any() - U'0');
      if (*value > repeat_max) throw Refused{"a repetition counts too far"};
    }
    return value;
  }

  static Instruction fork(size_t in, size_t over, bool lazy) {
    return lazy ? Instruction{Kind::split, over, in} : Instruction{Kind::split, in, over};
  }

  static Program optional(const Program& part, bool lazy) {
    Program out{fork(1, part.size() + 1, lazy)};
    append(out, part);
    return out;
  }

  static Program star(const Program& part, bool lazy) {
    Program out{fork(1, part.size() + 2, lazy)};
    append(out, part);
    out.push_back({Kind::split, 0, 0});
    return out;
  }

  std::u32string source_;
  size_t at_ = 0;
  int groups_ = 0;
};

} // namespace

bool CodePointSet::contains(char32_t c) const {
  const bool within = std::ranges::any_of(ranges, [&](const auto& r) { return r.first <= c && c <= r.second; });
  return within != negated;
}

Result<std::shared_ptr<const Pattern>> Pattern::compile(const std::string& source, bool full) {
  const auto refuse = [&](const std::string& why) {
    return Status{Code::invalid_argument, "the pattern cannot be followed in a stream: " + why};
  };
  if (source.size() > source_max) return refuse("it is longer than 1024 bytes");
  try {
    auto pattern = std::make_shared<Pattern>();
    pattern->program_ = Compiler(decode(source)).whole(full);
    return std::shared_ptr<const Pattern>(std::move(pattern));
  } catch (const Refused& refused) {
    return refuse(refused.why);
  }
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
  for (const char32_t c : decode(text)) {
    offset_ += utf8_length(c);
    next_round();
    std::vector<Thread> next;
    for (const Thread& thread : threads_) {
      const Instruction& instruction = program[thread.at];
      if (instruction.kind == Instruction::Kind::consume && instruction.set.contains(c))
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
