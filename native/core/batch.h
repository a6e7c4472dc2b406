#pragma once

#include <span>
#include <vector>

#include "llama.h"

namespace lloyal {

// One row of a batch. wants_logits: keep the logits after this token.
struct Row {
  llama_token token;
  llama_pos pos;
  llama_seq_id seq;
  bool wants_logits;
};

// Rows in the shape that llama_decode takes. The buffers live as long as the object.
class Batch {
 public:
  explicit Batch(std::span<const Row> rows);
  llama_batch view();

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<int32_t> seq_counts_;
  std::vector<llama_seq_id> seqs_;
  std::vector<llama_seq_id*> seq_pointers_;
  std::vector<int8_t> outputs_;
};

// Tokens [begin, end) of one prefill entry.
struct Piece {
  size_t entry, begin, end;
};

// What a prefill entry needs: its tokens, the most of them that one batch may hold, and where the first of them goes.
struct EntrySize {
  size_t length;
  size_t most;
  size_t position = 0;
};

// Packs entries into batches of at most n_batch rows. Full chunks of long entries come first, each a batch of its own;
// what remains is placed first fit, never split again.
//
//   n_batch 8, lengths 19 3 6   →   [0: 0-8] [0: 8-16] [0: 16-19, 1: 0-3] [2: 0-6]
std::vector<std::vector<Piece>> pack(std::span<const EntrySize> sizes, size_t n_batch);

// Every piece a batch of its own, cut where positions are multiples of its entry's chunk: the same tokens make the same
// batches, whoever is prefilled beside them, and in however many calls that end at such positions.
//
//   n_batch 8, 19 tokens at position 3   →   [0: 0-5] [0: 5-13] [0: 13-19]
std::vector<std::vector<Piece>> cut(std::span<const EntrySize> sizes, size_t n_batch);

} // namespace lloyal
