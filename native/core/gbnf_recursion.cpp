#include <algorithm>

#include "gbnf.h"

namespace lloyal {
namespace {

using Kind = GbnfExpression::Kind;

void collect_calls(const GbnfExpression& expression, std::vector<size_t>& out) {
  if (expression.kind == Kind::call) out.push_back(expression.rule);
  for (const GbnfExpression& part : expression.parts) collect_calls(part, out);
}

class Check {
 public:
  explicit Check(const GbnfRules& rules) : rules_(rules), nullable_(rules.bodies.size()) {}

  Status run() {
    find_nullable();
    for (const GbnfExpression& body : rules_.bodies)
      if (has_empty_loop(body)) return {Code::grammar_invalid, "something that can be empty is repeated without end"};
    return check_cycles();
  }

 private:
  // As a least fixed point.
  void find_nullable() {
    std::vector<std::vector<size_t>> users(rules_.bodies.size());
    std::vector<size_t> queue;
    for (size_t rule = 0; rule < rules_.bodies.size(); ++rule) {
      std::vector<size_t> calls;
      collect_calls(rules_.bodies[rule], calls);
      for (const size_t called : calls) users[called].push_back(rule);
      queue.push_back(rule);
    }
    for (size_t i = 0; i < queue.size(); ++i) {
      const size_t rule = queue[i];
      if (nullable_[rule] || !can_be_empty(rules_.bodies[rule])) continue;
      nullable_[rule] = true;
      queue.insert(queue.end(), users[rule].begin(), users[rule].end());
    }
  }

  bool can_be_empty(const GbnfExpression& expression) const {
    const auto empty = [&](const GbnfExpression& part) { return can_be_empty(part); };
    switch (expression.kind) {
    case Kind::literal:
      return expression.text.empty();
    case Kind::read:
      return false;
    case Kind::call:
      return nullable_[expression.rule];
    case Kind::repeat:
      return expression.least == 0 || can_be_empty(expression.parts.front());
    case Kind::sequence:
      return std::ranges::all_of(expression.parts, empty);
    default:
      return std::ranges::any_of(expression.parts, empty);
    }
  }

  bool has_empty_loop(const GbnfExpression& expression) const {
    if (expression.kind == Kind::repeat && expression.most < 0 && can_be_empty(expression.parts.front())) return true;
    return std::ranges::any_of(expression.parts, [&](const GbnfExpression& part) { return has_empty_loop(part); });
  }

  // The rules that can be entered before a character is read.
  void collect_left(const GbnfExpression& expression, std::vector<size_t>& out) const {
    if (expression.kind == Kind::call) out.push_back(expression.rule);
    if (expression.kind == Kind::repeat && expression.most == 0) return;
    for (const GbnfExpression& part : expression.parts) {
      collect_left(part, out);
      if (expression.kind == Kind::sequence && !can_be_empty(part)) return;
    }
  }

  // Kahn's topological sort: what is left over when no rule is free of arrivals lies on or behind a cycle. No
  // recursion over rules, so a long chain of them is fine.
  Status check_cycles() const {
    std::vector<std::vector<size_t>> targets(rules_.bodies.size());
    std::vector<size_t> arrivals(rules_.bodies.size());
    for (size_t rule = 0; rule < targets.size(); ++rule) {
      collect_left(rules_.bodies[rule], targets[rule]);
      for (const size_t target : targets[rule]) ++arrivals[target];
    }
    std::vector<size_t> free;
    for (size_t rule = 0; rule < arrivals.size(); ++rule)
      if (arrivals[rule] == 0) free.push_back(rule);
    for (size_t i = 0; i < free.size(); ++i)
      for (const size_t target : targets[free[i]])
        if (--arrivals[target] == 0) free.push_back(target);
    if (free.size() == arrivals.size()) return {};
    const auto rule = std::ranges::find_if(arrivals, [](size_t count) { return count > 0; }) - arrivals.begin();
    return {Code::grammar_invalid, "left recursion in or behind the rule " + rules_.names[static_cast<size_t>(rule)]};
  }

  const GbnfRules& rules_;
  std::vector<bool> nullable_;
};

} // namespace

Status check_left_recursion(const GbnfRules& rules) {
  return Check(rules).run();
}

} // namespace lloyal
