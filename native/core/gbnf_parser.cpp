#include <algorithm>
#include <optional>
#include <unordered_map>

#include "gbnf.h"
#include "utf8.h"

namespace lloyal {
namespace {

using Kind = GbnfExpression::Kind;

// llama.cpp's own limit; beyond it, it would drop the end of a repetition in silence.
constexpr int64_t repeats_max = 2000;
// Of expressions in expressions: whoever walks them recurses.
constexpr int height_max = 1000;

struct Refused {
  std::string why;
  size_t at;
};

bool is_name(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') || c == U'-';
}

class Parser {
 public:
  explicit Parser(std::u32string text) : text_(std::move(text)) {}

  GbnfRules rules() {
    skip_space(true);
    while (!done()) rule();
    if (!rules_by_name_.contains("root")) refuse("there is no rule named root");
    out_.root = rules_by_name_.at("root");
    out_.bodies.resize(out_.names.size(), {Kind::sequence});
    defined_.resize(out_.names.size());
    for (size_t i = 0; i < defined_.size(); ++i)
      if (!defined_[i]) refuse("the rule " + out_.names[i] + " is not defined");
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string why) const { throw Refused{std::move(why), at_}; }
  bool done() const { return at_ == text_.size(); }
  char32_t peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
  bool take(char32_t c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void rule() {
    const size_t id = name();
    skip_space(false);
    if (!(take(U':') && take(U':') && take(U'='))) refuse("expected ::=");
    skip_space(true);
    out_.bodies.resize(out_.names.size(), {Kind::sequence});
    defined_.resize(out_.names.size());
    if (defined_[id]) refuse("the rule " + out_.names[id] + " is defined twice");
    defined_[id] = true;
    GbnfExpression body = choice(false);
    out_.bodies.resize(out_.names.size(), {Kind::sequence});
    out_.bodies[id] = std::move(body);
    if (!done() && peek() != U'\n' && peek() != U'\r') refuse("expected the end of a rule");
    skip_space(true);
  }

  GbnfExpression choice(bool in_group) {
    std::vector<GbnfExpression> options{sequence(in_group)};
    while (take(U'|')) {
      skip_space(true);
      options.push_back(sequence(in_group));
    }
    return joined(Kind::choice, std::move(options));
  }

  GbnfExpression sequence(bool in_group) {
    std::vector<GbnfExpression> items;
    for (;;) {
      const int64_t before = symbols_;
      const bool is_group = peek() == U'(';
      auto item = this->item();
      if (!item) return joined(Kind::sequence, std::move(items));
      skip_space(in_group);
      // Only a group counts for the rules inside it; the names that stand alone count once.
      const int64_t rules = is_group ? std::max<int64_t>(1, symbols_ - before) : 1;
      items.push_back(repeated(std::move(*item), rules, in_group));
    }
  }

  GbnfExpression joined(Kind kind, std::vector<GbnfExpression> parts) const {
    if (parts.size() == 1) return std::move(parts.front());
    GbnfExpression out{kind};
    for (const GbnfExpression& part : parts) out.height = std::max(out.height, part.height + 1);
    if (out.height > height_max) refuse("it nests too deeply");
    out.parts = std::move(parts);
    return out;
  }

  std::optional<GbnfExpression> item() {
    const char32_t c = peek();
    if (c == U'(') return group();
    if (c == U'"') return literal();
    if (c == U'[') return char_class();
    if (take(U'.')) return GbnfExpression{Kind::read, {}, {{0, last_code_point}}};
    if (!done() && is_name(c)) {
      GbnfExpression call{Kind::call};
      call.rule = name();
      return call;
    }
    return std::nullopt;
  }

  GbnfExpression group() {
    ++at_;
    ++symbols_;
    skip_space(true);
    GbnfExpression inside = choice(true);
    if (!take(U')')) refuse("expected )");
    return inside;
  }

  // `rules`: how many rules llama.cpp would make of the item. It multiplies them by each repetition.
  GbnfExpression repeated(GbnfExpression item, int64_t rules, bool in_group) {
    while (const auto bounds = this->bounds()) {
      const auto [least, most] = *bounds;
      if (item.kind == Kind::literal && item.text.empty()) refuse("nothing is repeated");
      if (most >= 0 && most < least) refuse("a repetition ends before it begins");
      rules *= std::max<int64_t>(1, most < 0 ? least : most);
      if (rules > repeats_max) refuse("a repetition is too large");
      symbols_ += most < 0 ? 1 : most - least;
      GbnfExpression whole{Kind::repeat};
      whole.height = item.height + 1;
      if (whole.height > height_max) refuse("it nests too deeply");
      whole.parts.push_back(std::move(item));
      whole.least = least;
      whole.most = most;
      item = std::move(whole);
      skip_space(in_group);
    }
    return item;
  }

  std::optional<std::pair<int64_t, int64_t>> bounds() {
    if (take(U'*')) return {{0, -1}};
    if (take(U'+')) return {{1, -1}};
    if (take(U'?')) return {{0, 1}};
    if (!take(U'{')) return std::nullopt;
    skip_space(false);
    const auto least = number();
    if (!least) refuse("expected a repetition such as {1,3}");
    auto most = least;
    if (take(U',')) {
      skip_space(false);
      most = number().value_or(-1);
    }
    if (!take(U'}')) refuse("expected a repetition such as {1,3}");
    return {{*least, *most}};
  }

  std::optional<int64_t> number() {
    std::optional<int64_t> value;
    for (; peek() >= U'0' && peek() <= U'9'; ++at_) {
      value = value.value_or(0) * 10 + static_cast<int64_t>(peek() - U'0');
      if (*value > repeats_max) refuse("a repetition is too large");
    }
    skip_space(false);
    return value;
  }

  GbnfExpression literal() {
    ++at_;
    GbnfExpression out{Kind::literal};
    while (!take(U'"')) out.text.push_back(character());
    return out;
  }

  GbnfExpression char_class() {
    ++at_;
    const bool negated = take(U'^');
    std::vector<CodePointRange> ranges;
    while (!take(U']')) {
      const char32_t low = character();
      const bool is_range = peek() == U'-' && peek(1) != U']';
      if (is_range) ++at_;
      const char32_t high = is_range ? character() : low;
      if (high < low) refuse("a range is upside down");
      ranges.emplace_back(low, high);
    }
    if (ranges.empty()) refuse("a character class is empty");
    return {Kind::read, {}, negated ? complement(std::move(ranges)) : merged(std::move(ranges))};
  }

  char32_t character() {
    if (done()) refuse("the text ends inside a literal or a class");
    if (!take(U'\\')) return text_[at_++];
    const char32_t letter = peek();
    if (!done()) ++at_;
    switch (letter) {
    case U'x':
      return hexadecimal(2);
    case U'u':
      return hexadecimal(4);
    case U'U':
      return hexadecimal(8);
    case U't':
      return U'\t';
    case U'r':
      return U'\r';
    case U'n':
      return U'\n';
    case U'\\':
    case U'"':
    case U'[':
    case U']':
    case U'-':
      return letter;
    default:
      refuse("an escape is unknown");
    }
  }

  char32_t hexadecimal(int digits) {
    uint64_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const size_t digit = std::u32string_view(U"0123456789abcdefABCDEF").find(peek());
      if (done() || digit == std::u32string_view::npos) refuse("an escape lacks its digits");
      value = value * 16 + (digit < 16 ? digit : digit - 6);
    }
    if (value > last_code_point) refuse("there is no such code point");
    return static_cast<char32_t>(value);
  }

  // The rule of this name, which may not be defined yet.
  size_t name() {
    std::string name;
    for (; !done() && is_name(peek()); ++at_) name.push_back(static_cast<char>(peek()));
    if (name.empty()) refuse("expected a name");
    const auto [found, is_new] = rules_by_name_.try_emplace(name, out_.names.size());
    if (is_new) {
      out_.names.push_back(name);
      ++symbols_;
    }
    return found->second;
  }

  void skip_space(bool across_lines) {
    for (;; ++at_) {
      const char32_t c = peek();
      if (c == U'#')
        while (at_ + 1 < text_.size() && peek(1) != U'\n' && peek(1) != U'\r') ++at_;
      else if (c != U' ' && c != U'\t' && !(across_lines && (c == U'\n' || c == U'\r')))
        return;
    }
  }

  std::u32string text_;
  size_t at_ = 0;
  int64_t symbols_ = 0; // names met, and rules that llama.cpp would make up
  GbnfRules out_;
  std::vector<bool> defined_;
  std::unordered_map<std::string, size_t> rules_by_name_;
};

} // namespace

Result<GbnfRules> parse_gbnf(std::string_view text) {
  try {
    return Parser(utf8_decode(text)).rules();
  } catch (const Refused& refused) {
    return Status{Code::grammar_invalid, refused.why, {{"at", static_cast<int64_t>(refused.at)}}};
  }
}

} // namespace lloyal
