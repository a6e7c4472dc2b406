#include "lazy_grammar.h"

#include <algorithm>

namespace lloyal {
namespace {

Status check(const Vocab& vocab, const std::vector<Trigger>& triggers) {
  if (triggers.empty()) return {Code::invalid_argument, "a lazy grammar needs at least one trigger"};
  for (const Trigger& trigger : triggers) {
    if (trigger.kind == Trigger::Kind::token && !vocab.contains(trigger.token))
      return {Code::invalid_argument, "there is no such token", {{"token", trigger.token}}};
    if (trigger.kind != Trigger::Kind::token && trigger.text.empty())
      return {Code::invalid_argument, "a trigger's text is not empty"};
  }
  return {};
}

} // namespace

Result<std::shared_ptr<const LazyGrammar>> LazyGrammar::over(const Vocab& vocab, std::shared_ptr<const Grammar> start,
                                                             std::vector<Trigger> triggers) {
  if (Status status = check(vocab, triggers); !status.ok()) return status;
  auto lazy = std::make_shared<LazyGrammar>();
  auto setup = std::make_shared<Setup>();
  setup->start = std::move(start);
  for (const Trigger& trigger : triggers) {
    lazy->searches_.emplace_back();
    if (trigger.kind == Trigger::Kind::word) setup->longest_word = std::max(setup->longest_word, trigger.text.size());
    if (trigger.kind != Trigger::Kind::pattern && trigger.kind != Trigger::Kind::pattern_full) continue;
    auto pattern = Pattern::compile(trigger.text, trigger.kind == Trigger::Kind::pattern_full);
    if (!pattern.ok()) return pattern.status();
    lazy->searches_.back().emplace(std::move(pattern.value()));
  }
  setup->triggers = std::move(triggers);
  lazy->setup_ = std::move(setup);
  return std::shared_ptr<const LazyGrammar>(std::move(lazy));
}

Result<LazyGrammar::Step> LazyGrammar::hear(llama_token token, const Utf8Step& step) const {
  auto waiting = std::make_shared<LazyGrammar>(*this);
  const std::string text = tail_ + step.text;
  for (size_t i = 0; i < setup_->triggers.size(); ++i) {
    const auto start = waiting->fired(i, token, text, step.text.size());
    if (!start) continue;
    auto active = setup_->start->after(text.substr(*start) + step.pending.bytes);
    if (!active) return Status{Code::grammar_rejected, "the grammar forbids what set it off", {{"token", token}}};
    return Step{std::move(active), nullptr};
  }
  waiting->keep(text);
  return Step{nullptr, std::move(waiting)};
}

std::optional<size_t> LazyGrammar::fired(size_t index, llama_token token, const std::string& text, size_t fresh) {
  const Trigger& trigger = setup_->triggers[index];
  if (trigger.kind == Trigger::Kind::token)
    return trigger.token == token ? std::optional(text.size() - fresh) : std::nullopt;
  if (trigger.kind == Trigger::Kind::word) {
    // What was there before has been searched.
    const size_t known = text.size() - fresh;
    const size_t found = text.find(trigger.text, known - std::min(known, trigger.text.size() - 1));
    return found == std::string::npos ? std::nullopt : std::optional(found);
  }
  const auto start = searches_[index]->read(std::string_view(text).substr(text.size() - fresh));
  return start ? std::optional(*start - dropped_) : std::nullopt;
}

void LazyGrammar::keep(const std::string& text) {
  const size_t end = dropped_ + text.size();
  size_t from = end - std::min(text.size(), setup_->longest_word - 1);
  for (std::optional<PatternSearch>& search : searches_) {
    if (!search) continue;
    search->forget_before(end - std::min(end, text_max));
    from = std::min(from, search->earliest());
  }
  tail_ = text.substr(from - dropped_);
  dropped_ = from;
}

} // namespace lloyal
