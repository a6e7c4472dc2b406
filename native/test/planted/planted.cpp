// Bugs on purpose: a sanitizer that does not end this program is not at work.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "token_window.h"

using namespace lloyal;

namespace {

// A span into a window that is gone.
int use_after_free() {
  auto window = std::make_unique<TokenWindow>(TokenWindow().with(7));
  const auto last = window->last(1);
  window.reset();
  return last[0];
}

int overflow(int start) {
  int position = start;
  return ++position;
}

// Two threads, one counter, no lock.
int race() {
  int rows = 0;
  std::thread owner([&] { ++rows; });
  ++rows;
  owner.join();
  return rows;
}

} // namespace

int main(int argc, char** argv) {
  const std::string bug = argc > 1 ? argv[1] : "";
  if (bug == "use-after-free") return use_after_free() == 7 ? 0 : 1;
  if (bug == "overflow") return overflow(std::numeric_limits<int>::max() - 1 + argc / 2) < 0 ? 0 : 1;
  if (bug == "race") return race() == 2 ? 0 : 1;
  std::fprintf(stderr, "usage: lloyal_planted use-after-free|overflow|race\n");
  return 2;
}
