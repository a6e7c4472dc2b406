#include "ranking.h"

#include <algorithm>
#include <cmath>

namespace lloyal {
namespace {

constexpr size_t first_window = 256;

bool more_likely(const llama_token_data& a, const llama_token_data& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

// A heap whose root is the weakest of the kept: most tokens fail one comparison against it.
std::vector<llama_token_data> top(std::span<const float> logits, size_t count) {
  std::vector<llama_token_data> kept;
  kept.reserve(count);
  for (size_t i = 0; i < logits.size(); ++i) {
    // Ids come in order, so an equal logit is never the more likely one.
    if (kept.size() == count && !(logits[i] > kept.front().logit)) continue;
    if (!(logits[i] > -INFINITY)) continue;
    if (kept.size() == count) {
      std::pop_heap(kept.begin(), kept.end(), more_likely);
      kept.pop_back();
    }
    kept.push_back({static_cast<llama_token>(i), logits[i], 0.0f});
    std::push_heap(kept.begin(), kept.end(), more_likely);
  }
  std::sort_heap(kept.begin(), kept.end(), more_likely);
  return kept;
}

} // namespace

Ranking::Ranking(const LogitsRow& row, const Grammar* grammar) : row_(row), grammar_(grammar) {}

void Ranking::widen() {
  const size_t n_vocab = row_.logits().size();
  size_t next = window_ == 0 ? first_window : window_ * 4;
  // With a grammar the second try is the whole row: masking it by first bytes costs less than several windows.
  if (next * 4 > n_vocab || (grammar_ && window_ > 0)) next = n_vocab;
  window_ = next;
  if (complete() && grammar_) {
    survivors_ = grammar_->legal(row_.logits());
    std::sort(survivors_.begin(), survivors_.end(), more_likely);
    return;
  }
  in_window_ = top(row_.logits(), window_);
  survivors_ = in_window_;
  if (!grammar_) return;
  grammar_->mask(survivors_);
  std::erase_if(survivors_, [](const llama_token_data& candidate) { return candidate.logit == -INFINITY; });
}

double Ranking::unseen_mass(double best, double temperature) const {
  if (complete()) return 0;
  // Summed over the tail itself: the whole row less the window would be infinity less infinity where a forbidden
  // token stands far above the best legal one.
  const llama_token_data& last = in_window_.back();
  const std::span<const float> logits = row_.logits();
  double mass = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const llama_token_data candidate{static_cast<llama_token>(i), logits[i], 0.0f};
    if (more_likely(last, candidate)) mass += std::exp((logits[i] - best) / temperature);
  }
  return mass;
}

} // namespace lloyal
