#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "gbnf_program.h"
#include "token_index.h"
#include "utf8.h"

namespace lloyal {

// Follows all readings of a text at once, as a set of places in the program. Equal sets are one state and each step is
// kept, so a grammar turns into a deterministic automaton along the texts that are tried: a known step is a look-up.
// States are numbers and live as long as the automaton, which only grows.
class GbnfAutomaton {
 public:
  using State = int32_t;
  static constexpr State none = -1; // the grammar forbids it

  // Where a text stands: between two code points, or within one.
  struct Cursor {
    State state = none;
    Utf8Partial partial = {};

    bool is_legal() const { return state != none; }
    bool operator==(const Cursor&) const = default;
  };

  explicit GbnfAutomaton(std::shared_ptr<const GbnfProgram> program);

  Cursor start();
  // While some completion is legal, byte by byte as code point by code point.
  Cursor after(Cursor at, uint8_t byte) {
    if (byte >= 0x80 || at.partial.remaining > 0) return after_part(at, byte);
    return {step(at.state, program_->letter_of(byte)), {}};
  }
  bool can_end(Cursor at) const { return at.partial.remaining == 0 && states_[index(at.state)].can_end; }
  // The kinds of characters of which any leaves the state as it is.
  CharKinds loops(State state);
  // The same place of `from`, an automaton of the same program.
  Cursor adopt(const GbnfAutomaton& from, Cursor at);
  // About, in bytes.
  size_t size() const { return size_; }

 private:
  // Where to go on when a rule ends. Frames are shared: equal stacks are one number.
  using Frame = int32_t;
  static constexpr Frame outermost = -1;
  struct FrameEntry {
    uint32_t node;
    Frame parent;
    bool operator==(const FrameEntry&) const = default;
  };
  // A node that reads, and the stack that it stands on.
  struct Place {
    uint32_t node;
    Frame frame;
    auto operator<=>(const Place&) const = default;
  };
  struct StateEntry {
    std::vector<Place> places; // sorted
    bool can_end;
    bool operator==(const StateEntry&) const = default;
  };

  static size_t index(int32_t number) { return static_cast<size_t>(number); }
  State step(State state, uint32_t letter) {
    const State known = next_[index(state) * program_->letter_count() + letter];
    return known != unknown ? known : learn(state, letter);
  }
  State learn(State state, uint32_t letter);
  Cursor after_part(Cursor at, uint8_t byte);
  State follow(std::vector<Place> places);
  Frame frame(uint32_t node, Frame parent);
  State share(StateEntry entry);

  static constexpr State unknown = -2;

  std::shared_ptr<const GbnfProgram> program_;
  std::vector<FrameEntry> frames_;
  std::vector<StateEntry> states_;
  std::vector<State> next_; // shape [states, letters]
  std::unordered_map<uint64_t, Frame> frame_numbers_;
  std::unordered_multimap<size_t, State> state_numbers_; // by hash
  size_t size_ = 0;
};

} // namespace lloyal
