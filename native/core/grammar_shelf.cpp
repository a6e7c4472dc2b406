#include "grammar_shelf.h"

#include <algorithm>

namespace lloyal {

Result<std::shared_ptr<const Grammar>> GrammarShelf::get(const std::string& gbnf) {
  const auto known = std::ranges::find(latest_, gbnf, [](const auto& entry) { return entry.first; });
  if (known != latest_.end()) {
    latest_.splice(latest_.begin(), latest_, known);
    return latest_.front().second;
  }
  auto grammar = Grammar::parse(vocab_, gbnf);
  if (!grammar.ok()) return grammar;
  latest_.emplace_front(gbnf, grammar.value());
  if (latest_.size() > capacity) latest_.pop_back();
  return grammar;
}

} // namespace lloyal
