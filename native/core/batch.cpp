#include "batch.h"

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

std::vector<std::vector<Piece>> pack(std::span<const size_t> lengths, size_t n_batch) {
  std::vector<std::vector<Piece>> batches;
  std::vector<Piece> rests;
  for (size_t entry = 0; entry < lengths.size(); ++entry) {
    size_t begin = 0;
    for (; lengths[entry] - begin >= n_batch; begin += n_batch) batches.push_back({{entry, begin, begin + n_batch}});
    if (begin < lengths[entry]) rests.push_back({entry, begin, lengths[entry]});
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

} // namespace lloyal
