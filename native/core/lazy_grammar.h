#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar.h"
#include "pattern.h"
#include "utf8.h"

namespace lloyal {

// What switches a lazy grammar on; see GrammarTrigger of sdk.
struct Trigger {
  enum class Kind { token, word, pattern, pattern_full } kind;
  llama_token token = LLAMA_TOKEN_NULL;
  std::string text = {}; // a word, or a pattern's source
};

// A grammar that waits for one of its triggers in the text that is committed. Immutable, as Grammar is.
class LazyGrammar {
 public:
  struct Step {
    std::shared_ptr<const Grammar> active; // null while none of the triggers has fired
    std::shared_ptr<const LazyGrammar> waiting;
  };

  // A match that begins further back than this is not found.
  static constexpr size_t text_max = 64 * 1024; // bytes

  // INVALID_ARGUMENT for no trigger, an unknown token, an empty word, a pattern that Pattern refuses.
  static Result<std::shared_ptr<const LazyGrammar>> over(const Vocab& vocab, std::shared_ptr<const Grammar> start,
                                                         std::vector<Trigger> triggers);

  // After `token`, which completes `step.text` and leaves `step.pending`. GRAMMAR_REJECTED for a token that fires a
  // trigger with text that the grammar forbids. Of triggers that fire together the first in the list counts.
  Result<Step> hear(llama_token token, const Utf8Step& step) const;

 private:
  struct Setup {
    std::shared_ptr<const Grammar> start;
    std::vector<Trigger> triggers;
    size_t longest_word = 1;
  };

  // Where in the text the grammar starts, if this trigger fires at the end of `text`, of which the last `fresh` bytes
  // are new.
  std::optional<size_t> fired(size_t trigger, llama_token token, const std::string& text, size_t fresh);
  // Keeps of `text` what may still be the beginning of something.
  void keep(const std::string& text);

  std::shared_ptr<const Setup> setup_;
  std::vector<std::optional<PatternSearch>> searches_; // by trigger
  std::string tail_;                                   // the end of the text so far
  size_t dropped_ = 0;                                 // bytes of the text before it
};

} // namespace lloyal
