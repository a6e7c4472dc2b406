#pragma once

#include <memory>
#include <span>
#include <vector>

#include "llama.h"

namespace lloyal {

// The last tokens that were committed or accepted, oldest first. A value: adding gives another one, so a fork shares
// it and a failed decode has nothing to undo. Cost of adding: a copy of at most 16 KiB.
class TokenWindow {
 public:
  static constexpr size_t capacity = 4096;

  TokenWindow() = default;
  // At most `capacity` of them.
  explicit TokenWindow(std::vector<llama_token> tokens);

  TokenWindow with(llama_token token) const;
  // The last `count`, or all where there are fewer.
  std::span<const llama_token> last(size_t count) const;

 private:
  std::shared_ptr<const std::vector<llama_token>> tokens_;
};

} // namespace lloyal
