#pragma once

#include <span>

namespace lloyal {

// Sums over logits, with d = logit - shift. Tokens at -infinity and NaN do not count.
struct Moments {
  double count = 0;
  double sum = 0;     // of d
  double squares = 0; // of d^2

  double deviation() const; // of the population
};

struct ExpSums {
  double count = 0;
  double mass = 0;   // of exp(d / temperature)
  double moment = 0; // of (d / temperature) exp(d / temperature)

  // Of the distribution with these weights, in nats.
  double entropy() const;
  // Of the same logits at temperature 1, about a shift that lies `up` higher.
  void raise(double up);
  ExpSums& operator+=(const ExpSums& other);
};

// -infinity where there is no number above it.
float highest(std::span<const float> logits);

Moments moments(std::span<const float> logits, float shift);

// Over the logits of at most `ceiling`, which must not lie above `shift`. Relative error below 1e-6, beside
// 5e-38 for each logit. 152k tokens take 40 us, where std::exp takes a millisecond.
ExpSums exp_sums(std::span<const float> logits, double shift, double temperature, float ceiling);

} // namespace lloyal
