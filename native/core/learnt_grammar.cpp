#include "learnt_grammar.h"

#include <algorithm>

namespace lloyal {
namespace {

constexpr size_t size_max = size_t{2} << 20; // bytes

void insert(TokenSet& set, llama_token token) {
  set[static_cast<size_t>(token) / 64] |= uint64_t{1} << (static_cast<size_t>(token) % 64);
}

} // namespace

LearntGrammar::LearntGrammar(const Vocab& vocab, std::shared_ptr<const GbnfProgram> program)
    : vocab_(vocab), program_(program), automaton_(std::move(program)) {}

LearntGrammar::Cursor LearntGrammar::start() {
  const std::lock_guard lock(mutex_);
  return automaton_.start();
}

LearntGrammar::Cursor LearntGrammar::after(Cursor at, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < bytes.size() && at.is_legal(); ++i) at = automaton_.after(at, static_cast<uint8_t>(bytes[i]));
  return at;
}

bool LearntGrammar::can_end(Cursor at) {
  const std::lock_guard lock(mutex_);
  return automaton_.can_end(at);
}

std::shared_ptr<const TokenSet> LearntGrammar::legal(Cursor at) {
  const std::lock_guard lock(mutex_);
  // Within a code point hardly anything may come: such a place is found anew.
  if (at.partial.remaining > 0) return std::make_shared<const TokenSet>(find_legal(at));
  std::shared_ptr<const TokenSet>& known = legal_[at.state];
  if (!known) known = std::make_shared<const TokenSet>(find_legal(at));
  return known;
}

std::string LearntGrammar::forced(Cursor at, size_t most) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  while (bytes.size() < most && !automaton_.can_end(at)) {
    const std::optional<uint8_t> only = only_byte(at);
    if (!only) break;
    bytes.push_back(static_cast<char>(*only));
    at = automaton_.after(at, *only);
  }
  return bytes;
}

// Nothing where there is a choice.
std::optional<uint8_t> LearntGrammar::only_byte(Cursor at) {
  std::optional<uint8_t> only;
  for (int byte = 0; byte < 256; ++byte) {
    if (!automaton_.after(at, static_cast<uint8_t>(byte)).is_legal()) continue;
    if (only) return std::nullopt;
    only = static_cast<uint8_t>(byte);
  }
  return only;
}

TokenSet LearntGrammar::find_legal(Cursor at) {
  const TokenIndex& tokens = vocab_.tokens();
  TokenSet legal(static_cast<size_t>(vocab_.size()) / 64 + 1);
  // Within a string most tokens leave the place as it is, and need not be read.
  const CharKinds loops = at.partial.remaining == 0 ? automaton_.loops(at.state) : 0;
  // path[n]: after the first n bytes of the token before, of which `known` are read.
  std::vector<Cursor> path(tokens.longest() + 1);
  path[0] = at;
  size_t known = 0;
  size_t dead = tokens.longest() + 1; // the first length at which the token before was illegal
  for (const auto& [token, shared, kinds] : tokens.sorted()) {
    if (shared >= dead) continue;
    dead = tokens.longest() + 1;
    size_t length = std::min<size_t>(known, shared);
    known = length;
    if ((kinds & ~loops) == 0) {
      insert(legal, token);
      continue;
    }
    const std::string_view bytes = tokens.bytes(token);
    Cursor now = path[length];
    while (length < bytes.size() && now.is_legal()) {
      now = automaton_.after(now, static_cast<uint8_t>(bytes[length]));
      path[++length] = now;
    }
    known = length;
    if (now.is_legal())
      insert(legal, token);
    else
      dead = length;
  }
  if (automaton_.can_end(at))
    for (const llama_token token : tokens.stops()) insert(legal, token);
  return legal;
}

std::pair<std::shared_ptr<LearntGrammar>, LearntGrammar::Cursor> LearntGrammar::renewed(Cursor at) {
  const std::lock_guard lock(mutex_);
  const size_t set_size = static_cast<size_t>(vocab_.size()) / 8;
  if (automaton_.size() + legal_.size() * set_size < size_max + 2 * adopted_) return {shared_from_this(), at};
  std::shared_ptr<LearntGrammar> next = successor_.lock();
  if (!next) successor_ = next = std::make_shared<LearntGrammar>(vocab_, program_);
  // From older to newer only, so no two wait for each other.
  const std::lock_guard lock_of_next(next->mutex_);
  const Cursor there = next->automaton_.adopt(automaton_, at);
  next->adopted_ = std::max(next->adopted_, next->automaton_.size());
  return {next, there};
}

} // namespace lloyal
