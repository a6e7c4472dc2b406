#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gbnf_automaton.h"
#include "vocab.h"

namespace lloyal {

// A bit by token, 64 to a word.
using TokenSet = std::vector<uint64_t>;

// What is known of a grammar over a vocabulary: its automaton, and which tokens may come at which of its states. A
// whole set takes a walk over the vocabulary, and states recur: a string in a list is the same place each time.
class LearntGrammar : public std::enable_shared_from_this<LearntGrammar> {
 public:
  using Cursor = GbnfAutomaton::Cursor;

  LearntGrammar(const Vocab& vocab, std::shared_ptr<const GbnfProgram> program);

  Cursor start();
  // Not legal where the grammar forbids it.
  Cursor after(Cursor at, std::string_view bytes);
  bool can_end(Cursor at);
  std::shared_ptr<const TokenSet> legal(Cursor at);
  // The bytes that must come, at most `most` of them: up to where there is a choice, or the text may end.
  std::string forced(Cursor at, size_t most);

  // Where to go on: here, or with a successor that knows nothing but this place once there is too much. Places in here
  // stay good.
  std::pair<std::shared_ptr<LearntGrammar>, Cursor> renewed(Cursor at);

 private:
  TokenSet find_legal(Cursor at);
  std::optional<uint8_t> only_byte(Cursor at);

  std::mutex mutex_;
  const Vocab& vocab_;
  std::shared_ptr<const GbnfProgram> program_;
  GbnfAutomaton automaton_;
  std::unordered_map<GbnfAutomaton::State, std::shared_ptr<const TokenSet>> legal_;
  std::weak_ptr<LearntGrammar> successor_;
  size_t adopted_ = 0; // bytes that it began with: a deep stack must not renew itself at each step
};

} // namespace lloyal
