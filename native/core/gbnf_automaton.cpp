#include "gbnf_automaton.h"

#include <algorithm>
#include <unordered_set>

#include "code_points.h"

namespace lloyal {
namespace {

uint64_t pair_of(uint32_t a, int32_t b) {
  return static_cast<uint64_t>(a) << 32 | static_cast<uint32_t>(b);
}

} // namespace

GbnfAutomaton::GbnfAutomaton(std::shared_ptr<const GbnfProgram> program) : program_(std::move(program)) {}

GbnfAutomaton::Cursor GbnfAutomaton::start() {
  return {follow({{program_->root(), outermost}}), {}};
}

GbnfAutomaton::Cursor GbnfAutomaton::after_part(Cursor at, uint8_t byte) {
  if (!at.partial.push(byte)) return {};
  if (at.partial.remaining == 0) return {step(at.state, program_->letter_of(at.partial.value)), {}};
  const uint32_t last = program_->letter_of(at.partial.highest());
  for (uint32_t letter = program_->letter_of(at.partial.lowest()); letter <= last; ++letter)
    if (step(at.state, letter) != none) return at;
  return {};
}

CharKinds GbnfAutomaton::loops(State state) {
  CharKinds loops = beyond_ascii, leaves = 0;
  for (uint8_t byte = 0; byte < 0x80; ++byte)
    (step(state, program_->letter_of(byte)) == state ? loops : leaves) |= ascii_kind(byte);
  const uint32_t last = program_->letter_of(last_code_point);
  for (uint32_t letter = program_->letter_of(0x80); letter <= last; ++letter)
    if (step(state, letter) != state) leaves |= beyond_ascii;
  return loops & ~leaves;
}

GbnfAutomaton::State GbnfAutomaton::learn(State state, uint32_t letter) {
  std::vector<Place> reached;
  for (const auto& [node, frame] : states_[index(state)].places) {
    const auto& set = program_->set(program_->node(node).what);
    const auto range = std::ranges::lower_bound(set, letter, {}, &GbnfProgram::LetterRange::second);
    if (range != set.end() && range->first <= letter) reached.push_back({program_->node(node).next, frame});
  }
  const State next = reached.empty() ? none : follow(std::move(reached));
  next_[index(state) * program_->letter_count() + letter] = next;
  return next;
}

// Goes on from `places` through forks, calls and exits, up to the nodes that read.
GbnfAutomaton::State GbnfAutomaton::follow(std::vector<Place> places) {
  std::unordered_set<uint64_t> seen;
  StateEntry out{{}, false};
  while (!places.empty()) {
    const auto [id, above] = places.back();
    places.pop_back();
    if (!seen.insert(pair_of(id, above)).second) continue;
    const GbnfNode node = program_->node(id);
    switch (node.kind) {
    case GbnfNode::Kind::read:
      out.places.push_back({id, above});
      break;
    case GbnfNode::Kind::fork:
      places.push_back({node.what, above});
      places.push_back({node.next, above});
      break;
    case GbnfNode::Kind::call:
      places.push_back({program_->entry(node.what), frame(node.next, above)});
      break;
    case GbnfNode::Kind::exit:
      if (above == outermost)
        out.can_end = true;
      else
        places.push_back({frames_[index(above)].node, frames_[index(above)].parent});
      break;
    }
  }
  std::ranges::sort(out.places);
  return share(std::move(out));
}

GbnfAutomaton::Frame GbnfAutomaton::frame(uint32_t node, Frame parent) {
  // A call in last place needs no frame of its own: right recursion would pile them up.
  if (program_->node(node).kind == GbnfNode::Kind::exit) return parent;
  const auto [found, is_new] = frame_numbers_.try_emplace(pair_of(node, parent), static_cast<Frame>(frames_.size()));
  if (is_new) {
    frames_.push_back({node, parent});
    size_ += 64;
  }
  return found->second;
}

GbnfAutomaton::State GbnfAutomaton::share(StateEntry entry) {
  size_t hash = entry.can_end;
  for (const Place& place : entry.places)
    hash = (hash ^ static_cast<size_t>(pair_of(place.node, place.frame))) * 0x9E3779B97F4A7C15u + (hash >> 29);
  const auto [first, last] = state_numbers_.equal_range(hash);
  for (auto known = first; known != last; ++known)
    if (states_[index(known->second)] == entry) return known->second;
  const auto state = static_cast<State>(states_.size());
  size_ += 128 + entry.places.size() * sizeof(Place) + program_->letter_count() * sizeof(State);
  states_.push_back(std::move(entry));
  next_.resize(states_.size() * program_->letter_count(), unknown);
  state_numbers_.emplace(hash, state);
  return state;
}

GbnfAutomaton::Cursor GbnfAutomaton::adopt(const GbnfAutomaton& from, Cursor at) {
  const StateEntry& old = from.states_[index(at.state)];
  StateEntry entry{{}, old.can_end};
  for (const Place& place : old.places) {
    std::vector<uint32_t> stack;
    for (Frame above = place.frame; above != outermost; above = from.frames_[index(above)].parent)
      stack.push_back(from.frames_[index(above)].node);
    Frame above = outermost;
    for (; !stack.empty(); stack.pop_back()) above = frame(stack.back(), above);
    entry.places.push_back({place.node, above});
  }
  std::ranges::sort(entry.places);
  return {share(std::move(entry)), at.partial};
}

} // namespace lloyal
