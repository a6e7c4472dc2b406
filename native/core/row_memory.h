#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace lloyal {

// Memory for rows of `size` floats. A tick makes a row for each branch and lets go of one: what has been let go of is
// used again, for the allocator would give some of it back to the system, and a fresh page costs more than the row. Any
// thread.
class RowMemory {
 public:
  explicit RowMemory(size_t size);
  ~RowMemory();
  RowMemory(const RowMemory&) = delete;
  RowMemory& operator=(const RowMemory&) = delete;

  struct Return {
    std::shared_ptr<RowMemory> owner;
    void operator()(float* row) const { owner->put(row); }
  };
  using Row = std::unique_ptr<float[], Return>;

  // Not initialised; begins with a cache line.
  static Row take(std::shared_ptr<RowMemory> owner);

 private:
  void put(float* row) noexcept;

  const size_t size_, spare_max_;
  std::mutex mutex_;
  std::vector<float*> spare_;
};

} // namespace lloyal
