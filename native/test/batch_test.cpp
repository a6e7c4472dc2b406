#include "batch.h"

#include <gtest/gtest.h>

namespace lloyal {
namespace {

TEST(Pack, PlacesEveryTokenOnceInOrderWithinTheLimit) {
  for (size_t n_batch : {1, 3, 8, 64}) {
    for (const std::vector<size_t>& lengths : {std::vector<size_t>{1}, {64}, {65, 1, 0, 130}, {5, 5, 5, 5, 5, 5, 5}}) {
      std::vector<size_t> next(lengths.size());
      for (const auto& batch : pack(lengths, n_batch)) {
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
  const std::vector<size_t> lengths{19, 3, 6, 2};
  const auto batches = pack(lengths, 8);
  ASSERT_EQ(batches.size(), 4u);
  EXPECT_EQ(batches[2].size(), 3u); // the last 3 of entry 0, entry 1, entry 3
  EXPECT_EQ(batches[2][2].entry, 3u);
  EXPECT_EQ(batches[3].front().entry, 2u);
}

} // namespace
} // namespace lloyal
