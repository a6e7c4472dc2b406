#include "batch.h"

#include <algorithm>

namespace lloyal {

Batch::Batch(std::span<const Row> rows) : seq_counts_(rows.size(), 1) {
  for (const Row& row : rows) {
    tokens_.push_back(row.token);
    positions_.push_back(row.pos);
    seqs_.push_back(row.seq);
    outputs_.push_back(row.wants_logits ? 1 : 0);
  }
  for (llama_seq_id& seq : seqs_) seq_pointers_.push_back(&seq);
}

llama_batch Batch::view() {
  return {static_cast<int32_t>(tokens_.size()),
          tokens_.data(),
          nullptr,
          positions_.data(),
          seq_counts_.data(),
          seq_pointers_.data(),
          outputs_.data()};
}

std::vector<std::vector<Piece>> pack(std::span<const EntrySize> sizes, size_t n_batch) {
  std::vector<std::vector<Piece>> batches;
  std::vector<Piece> rests;
  for (size_t entry = 0; entry < sizes.size(); ++entry) {
    const size_t length = sizes[entry].length;
    const size_t chunk = std::min(n_batch, sizes[entry].most);
    size_t begin = 0;
    for (; length - begin >= chunk; begin += chunk) batches.push_back({{entry, begin, begin + chunk}});
    if (begin < length) rests.push_back({entry, begin, length});
  }
  const size_t first_bin = batches.size();
  std::vector<size_t> room;
  for (const Piece& rest : rests) {
    const size_t size = rest.end - rest.begin;
    size_t bin = 0;
    while (bin < room.size() && room[bin] < size) ++bin;
    if (bin == room.size()) {
      room.push_back(n_batch);
      batches.emplace_back();
    }
    room[bin] -= size;
    batches[first_bin + bin].push_back(rest);
  }
  return batches;
}

std::vector<std::vector<Piece>> cut(std::span<const EntrySize> sizes, size_t n_batch) {
  std::vector<std::vector<Piece>> batches;
  for (size_t entry = 0; entry < sizes.size(); ++entry) {
    const auto [length, most, position] = sizes[entry];
    const size_t chunk = std::min(n_batch, most);
    for (size_t begin = 0, end = 0; begin < length; begin = end) {
      end = std::min(length, begin + chunk - (position + begin) % chunk);
      batches.push_back({{entry, begin, end}});
    }
  }
  return batches;
}

} // namespace lloyal
