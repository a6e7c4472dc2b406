#include "batch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lloyal {
namespace {

std::vector<EntrySize> sizes(const std::vector<size_t>& lengths, size_t most = 1000) {
  std::vector<EntrySize> out;
  for (const size_t length : lengths) out.push_back({length, most});
  return out;
}

TEST(Pack, PlacesEveryTokenOnceInOrderWithinTheLimit) {
  for (size_t n_batch : {1, 3, 8, 64}) {
    for (const std::vector<size_t>& lengths : {std::vector<size_t>{1}, {64}, {65, 1, 0, 130}, {5, 5, 5, 5, 5, 5, 5}}) {
      std::vector<size_t> next(lengths.size());
      for (const auto& batch : pack(sizes(lengths), n_batch)) {
        size_t rows = 0;
        for (const Piece& piece : batch) {
          EXPECT_EQ(piece.begin, next[piece.entry]);
          next[piece.entry] = piece.end;
          rows += piece.end - piece.begin;
        }
        EXPECT_GE(rows, 1u);
        EXPECT_LE(rows, n_batch);
      }
      EXPECT_EQ(next, lengths);
    }
  }
}

TEST(Pack, FillsBatchesFirstFitAndSplitsOnlyLongEntries) {
  const auto batches = pack(sizes({19, 3, 6, 2}), 8);
  ASSERT_EQ(batches.size(), 4u);
  EXPECT_EQ(batches[2].size(), 3u); // the last 3 of entry 0, entry 1, entry 3
  EXPECT_EQ(batches[2][2].entry, 3u);
  EXPECT_EQ(batches[3].front().entry, 2u);
}

TEST(Pack, KeepsAnEntryWithinItsOwnLimitAndLeavesTheOthersAlone) {
  std::vector<EntrySize> mixed = sizes({10, 20});
  mixed[0].most = 3;
  size_t next = 0, largest = 0;
  for (const auto& batch : pack(mixed, 16)) {
    size_t own = 0;
    for (const Piece& piece : batch) {
      if (piece.entry == 1) largest = std::max(largest, piece.end - piece.begin);
      if (piece.entry != 0) continue;
      EXPECT_EQ(piece.begin, next);
      next = piece.end;
      own += piece.end - piece.begin;
    }
    EXPECT_LE(own, 3u);
  }
  EXPECT_EQ(next, 10u);
  EXPECT_EQ(largest, 16u);
}

TEST(Cut, EndsPiecesWherePositionsAreMultiplesOfTheChunk) {
  const std::vector<EntrySize> entries{{19, 1000, 3}, {2, 1000, 0}, {5, 2, 1}, {0, 1000, 0}};
  std::vector<std::vector<size_t>> ends;
  size_t next = 0, entry = 0;
  for (const auto& batch : cut(entries, 8)) {
    ASSERT_EQ(batch.size(), 1u);
    const Piece& piece = batch.front();
    if (piece.entry != entry) next = 0;
    entry = piece.entry;
    EXPECT_EQ(piece.begin, next);
    next = piece.end;
    ends.push_back({piece.entry, piece.end});
  }
  EXPECT_EQ(ends, (std::vector<std::vector<size_t>>{{0, 5}, {0, 13}, {0, 19}, {1, 2}, {2, 1}, {2, 3}, {2, 5}}));
}

} // namespace
} // namespace lloyal
