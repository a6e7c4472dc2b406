#include "gbnf_program.h"

#include <algorithm>
#include <map>

namespace lloyal {
namespace {

using Kind = GbnfExpression::Kind;
using Ranges = std::vector<CodePointRange>;

// Every part is compiled with what comes after it at hand, so the graph is built from its end.
class Compiler {
 public:
  static constexpr uint32_t exit = 0;

  explicit Compiler(const GbnfRules& rules) {
    entries.resize(rules.bodies.size());
    for (size_t rule = 0; rule < rules.bodies.size(); ++rule) entries[rule] = compile(rules.bodies[rule], exit);
  }

  std::vector<GbnfNode> nodes{{GbnfNode::Kind::exit, 0, 0}};
  std::vector<uint32_t> entries;
  std::map<Ranges, uint32_t> sets;

 private:
  uint32_t add(GbnfNode::Kind kind, uint32_t what, uint32_t next) {
    nodes.push_back({kind, what, next});
    return static_cast<uint32_t>(nodes.size() - 1);
  }

  uint32_t read(const Ranges& ranges, uint32_t next) {
    const auto [found, _] = sets.try_emplace(ranges, static_cast<uint32_t>(sets.size()));
    return add(GbnfNode::Kind::read, found->second, next);
  }

  uint32_t compile(const GbnfExpression& expression, uint32_t next) {
    switch (expression.kind) {
    case Kind::literal:
      for (size_t i = expression.text.size(); i-- > 0;) next = read({{expression.text[i], expression.text[i]}}, next);
      return next;
    case Kind::read:
      return read(expression.ranges, next);
    case Kind::call:
      return add(GbnfNode::Kind::call, static_cast<uint32_t>(expression.rule), next);
    case Kind::sequence:
      for (size_t i = expression.parts.size(); i-- > 0;) next = compile(expression.parts[i], next);
      return next;
    case Kind::choice: {
      uint32_t ways = compile(expression.parts.back(), next);
      for (size_t i = expression.parts.size() - 1; i-- > 0;)
        ways = add(GbnfNode::Kind::fork, compile(expression.parts[i], next), ways);
      return ways;
    }
    default:
      return repeat(expression, next);
    }
  }

  uint32_t repeat(const GbnfExpression& expression, uint32_t next) {
    const GbnfExpression& item = expression.parts.front();
    const bool is_endless = expression.most < 0;
    const int64_t copies = is_endless ? expression.least + 1 : expression.most;
    // What is placed more than once becomes a rule, so that repetitions in repetitions do not multiply.
    const bool is_small = item.kind == Kind::read || item.kind == Kind::call;
    if (copies > 1 && !is_small) entries.push_back(compile(item, exit));
    const auto shared = static_cast<uint32_t>(entries.size() - 1);
    const auto place = [&](uint32_t after) {
      return copies > 1 && !is_small ? add(GbnfNode::Kind::call, shared, after) : compile(item, after);
    };
    uint32_t node = next;
    if (is_endless) {
      node = add(GbnfNode::Kind::fork, 0, next);
      const uint32_t once = place(node);
      nodes[node].what = once;
    } else {
      for (int64_t i = expression.least; i < expression.most; ++i) node = add(GbnfNode::Kind::fork, place(node), next);
    }
    for (int64_t i = 0; i < expression.least; ++i) node = place(node);
    return node;
  }
};

} // namespace

GbnfProgram::GbnfProgram(const GbnfRules& rules) : root_(static_cast<uint32_t>(rules.root)) {
  Compiler compiled(rules);
  nodes_ = std::move(compiled.nodes);
  entries_ = std::move(compiled.entries);

  first_of_letter_.push_back(0);
  for (const auto& [ranges, _] : compiled.sets)
    for (const auto& [low, high] : ranges) first_of_letter_.insert(first_of_letter_.end(), {low, high + 1});
  std::ranges::sort(first_of_letter_);
  first_of_letter_.erase(std::unique(first_of_letter_.begin(), first_of_letter_.end()), first_of_letter_.end());
  for (char32_t c = 0; c < ascii_letters_.size(); ++c)
    ascii_letters_[c] =
        static_cast<uint32_t>(std::ranges::upper_bound(first_of_letter_, c) - first_of_letter_.begin() - 1);

  sets_.resize(compiled.sets.size());
  for (const auto& [ranges, id] : compiled.sets)
    for (const auto& [low, high] : ranges) sets_[id].emplace_back(letter_of(low), letter_of(high));
}

uint32_t GbnfProgram::letter_of(char32_t c) const {
  if (c < ascii_letters_.size()) return ascii_letters_[c];
  // Few grammars tell apart what is not ASCII.
  if (c >= first_of_letter_.back()) return letter_count() - 1;
  return static_cast<uint32_t>(std::ranges::upper_bound(first_of_letter_, c) - first_of_letter_.begin() - 1);
}

} // namespace lloyal
