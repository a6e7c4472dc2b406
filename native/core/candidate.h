#pragma once

#include "llama.h"

namespace lloyal {

struct Candidate {
  llama_token id;
  double logit;
};

// The order of every ranking: ties go to the lowest id.
inline bool more_likely(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

} // namespace lloyal
