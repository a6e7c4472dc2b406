// Thompson's construction: R. Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009.
#include "pattern_compiler.h"

#include <optional>

#include "utf8.h"

namespace lloyal {
namespace {

constexpr size_t source_max = 1024;
constexpr size_t program_max = 4096;
constexpr int depth_max = 50;
constexpr int repeat_max = 1000;

struct Refused {
  std::string why;
};

using Ranges = std::vector<CodePointRange>;

const Ranges decimals{{U'0', U'9'}};
const Ranges word{{U'a', U'z'}, {U'A', U'Z'}, {U'0', U'9'}, {U'_', U'_'}};
const Ranges space{{U'\t', U'\r'},   {U' ', U' '},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                   {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const Ranges line_ends{{U'\n', U'\n'}, {U'\r', U'\r'}, {0x2028, 0x2029}};

Ranges class_of(char32_t letter) {
  const bool is_negated = letter < U'a';
  const Ranges& ranges = (letter | 0x20) == U'd' ? decimals : (letter | 0x20) == U'w' ? word : space;
  return is_negated ? complement(ranges) : ranges;
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
      return one(complement(line_ends));
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

  static Ranges literal(char32_t c) { return {{c, c}}; }
  static Program one(Ranges set) { return {{Kind::consume, 1, 0, std::move(set)}}; }

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

  Ranges bracket() {
    const bool is_negated = take(U'^');
    Ranges set;
    while (!take(U']')) {
      if (peek() == U'\\' && at_ + 1 < source_.size() && is_class_letter(source_[at_ + 1])) {
        ++at_;
        const Ranges part = class_of(take_any());
        set.insert(set.end(), part.begin(), part.end());
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
      set.emplace_back(first, last);
    }
    return is_negated ? complement(std::move(set)) : set;
  }

  char32_t bracket_character() {
    const char32_t c = take_any();
    return c == U'\\' ? escaped() : c;
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

Result<std::vector<Instruction>> compile_pattern(const std::string& source, bool full) {
  const auto refuse = [&](const std::string& why) {
    return Status{Code::invalid_argument, "the pattern cannot be followed in a stream: " + why};
  };
  if (source.size() > source_max) return refuse("it is longer than 1024 bytes");
  try {
    return Compiler(utf8_decode(source)).whole(full);
  } catch (const Refused& refused) {
    return refuse(refused.why);
  }
}

} // namespace lloyal
