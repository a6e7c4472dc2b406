#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "grammar.h"

namespace lloyal {

// The grammars that were asked for last. Turns and agents come with the same few texts again and again: all of them go
// on from what was learnt before, and hold it once.
class GrammarShelf {
 public:
  static constexpr size_t capacity = 4;

  explicit GrammarShelf(const Vocab& vocab) : vocab_(vocab) {}

  // As Grammar::parse.
  Result<std::shared_ptr<const Grammar>> get(const std::string& gbnf);

 private:
  const Vocab& vocab_;
  std::list<std::pair<std::string, std::shared_ptr<const Grammar>>> latest_; // first
};

} // namespace lloyal
