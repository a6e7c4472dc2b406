#pragma once

#include <cstdint>

namespace lloyal {

// Names one random number. Nothing is stored between draws, so repeating a draw repeats its number and a fork
// copies 24 bytes.
struct DrawKey {
  uint32_t seed = 0;
  uint32_t draw = 0; // 0: of produce; then the calls of sample since the last commit
  uint64_t commits = 0;
  uint32_t use = 0; // 0: the token; 1: XTC's coin; 2 and more: draws after a token that was refused
};

// Uniform in [0, 1), 53 bits. Chained rounds of the splitmix64 finaliser (Steele, Lea, Flood, OOPSLA 2014).
inline double uniform(const DrawKey& key) {
  const auto mix = [](uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  };
  const uint64_t last = static_cast<uint64_t>(key.use) << 32 | key.draw;
  const uint64_t bits = mix(mix(mix(key.seed) ^ key.commits) ^ last);
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

} // namespace lloyal
