// Sequences out of the cache and back: cells, and all that is beside them.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "cell_count.h"
#include "saved_cells.h"
#include "saved_state.h"
#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

const ContextParams small{.n_ctx = 256, .n_batch = 32, .n_ubatch = 16, .n_seq_max = 4};

SavedCells save(Bench& bench, SequenceHandle handle, llama_pos from) {
  bench.decoder.begin(bench.table.take_queued());
  auto sequence = bench.table.saved(handle);
  EXPECT_TRUE(sequence.ok());
  auto cells = bench.decoder.save(sequence.value().seq, from, sequence.value().state.position);
  EXPECT_TRUE(cells.ok());
  return cells.value();
}

Result<SequenceHandle> restore(Bench& bench, const SavedState& state, const SavedCells& cells, SequenceHandle parent) {
  llama_seq_id prefix = -1;
  if (cells.from > 0) prefix = bench.table.prefix_of(parent, cells.from).value();
  auto revived = bench.table.revive(state);
  if (!revived.ok()) return revived.status();
  bench.decoder.begin(bench.table.take_queued());
  const Status status = bench.decoder.restore(cells, revived.value().seq, prefix);
  if (status.ok()) return revived.value().handle;
  bench.table.close(revived.value().handle);
  return status;
}

TEST(SavedSequence, AForkComesBackOnTheCellsOfItsParentBitByBit) {
  Bench bench(small), twin(small);
  const auto write = [](Bench& on) {
    const auto parent = on.open();
    EXPECT_TRUE(on.prefill(parent, tokens(40)).ok());
    const auto child = on.table.fork(parent).value();
    on.generate(child, 10);
    return std::pair(parent, child);
  };
  const auto [parent, child] = write(bench);
  const auto expected = write(twin).second;
  const SavedState state = bench.table.saved(child).value().state;
  const SavedCells cells = save(bench, child, 40);
  EXPECT_EQ(bench.cells(), 50);
  bench.table.close(child);
  EXPECT_EQ(bench.cells(), 40);
  const auto back = restore(bench, state, cells, parent).value();
  EXPECT_EQ(bench.cells(), 50);
  EXPECT_EQ(bench.generate(back, 8), twin.generate(expected, 8));
  EXPECT_EQ(bench.row(back), twin.row(expected));
}

TEST(SavedSequence, SavingChangesNothing) {
  Bench bench(small);
  const auto parent = bench.open();
  ASSERT_TRUE(bench.prefill(parent, tokens(40)).ok());
  const auto child = bench.table.fork(parent).value(), quiet = bench.table.fork(parent).value();
  for (const llama_pos from : {0, 20, 40}) {
    save(bench, child, from);
    EXPECT_EQ(bench.cells(), 40);
  }
  EXPECT_EQ(bench.generate(child, 5), bench.generate(quiet, 5));
  EXPECT_EQ(bench.row(child), bench.row(quiet));
}

TEST(SavedSequence, ADamagedOneIsRefusedBeforeLlamaCppSeesItAndLeavesNothing) {
  Bench bench(small);
  const auto witness = bench.open(), branch = bench.open();
  ASSERT_TRUE(bench.fly(FlightKind::prefill, {{witness, tokens(9, 1)}, {branch, tokens(20)}}).status.ok());
  const SavedState state = bench.table.saved(branch).value().state;
  const SavedCells good = save(bench, branch, 0);
  bench.table.close(branch);
  const auto row = bench.row(witness);
  // Every 32-bit number from the count of streams to the end of the cells' positions and owners.
  constexpr size_t first = 2, numbers = 2 + 3 * 20;
  for (size_t i = first; i < first + numbers; ++i) {
    if (i >= 4 && (i - 4) % 3 == 2) continue; // the owner's number, which is not read
    for (const uint32_t value : {0xFFFFFFFFu, 0x7FFFFFFFu, 1000u}) {
      SavedCells bad = good;
      std::memcpy(bad.bytes.data() + 4 * i, &value, sizeof value);
      EXPECT_EQ(restore(bench, state, bad, 0).status().code, Code::state_invalid) << "number " << i;
    }
  }
  for (const size_t size :
       {size_t{0}, size_t{3}, size_t{11}, size_t{100}, good.bytes.size() / 2, good.bytes.size() - 1}) {
    SavedCells cut = good;
    cut.bytes.resize(size);
    EXPECT_EQ(restore(bench, state, cut, 0).status().code, Code::state_invalid) << size << " bytes";
  }
  SavedCells longer = good;
  longer.bytes.push_back(0);
  EXPECT_EQ(restore(bench, state, longer, 0).status().code, Code::state_invalid);
  EXPECT_EQ(bench.cells(), 9);
  EXPECT_EQ(bench.row(witness), row);
  const auto back = restore(bench, state, good, 0);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(bench.cells(), 29);
}

// One after the other, all numbers of a state in which several kinds of memory follow one another.
TEST(SavedSequence, OneOfSeveralPartsIsRefusedOrRestoredWhateverNumberIsDamaged) {
  for (const auto& model : {test::tiny_window_model(), test::tiny_hybrid_model(), test::tiny_recurrent_model()}) {
    Bench bench({.n_ctx = 256, .n_batch = 32, .n_ubatch = 16, .n_seq_max = 3}, model);
    const auto witness = bench.open(), branch = bench.open();
    ASSERT_TRUE(bench.prefill(witness, tokens(9, 1)).ok());
    ASSERT_TRUE(bench.prefill(branch, tokens(40)).ok());
    const SavedState state = bench.table.saved(branch).value().state;
    const SavedCells good = save(bench, branch, 0);
    const auto expected = bench.generate(branch, 3);
    bench.table.close(branch);
    const int64_t cells = bench.cells();
    const auto row = bench.row(witness);
    const std::array<uint32_t, 4> values{0xFFFFFFFFu, 0x7FFFFFFFu, 1000u, 0u};
    int refused = 0, restored = 0;
    SavedCells bad = good;
    for (size_t at = 8; at + 4 <= good.bytes.size(); at += 4) {
      uint32_t before;
      std::memcpy(&before, good.bytes.data() + at, sizeof before);
      const uint32_t value = values[at / 4 % values.size()];
      std::memcpy(bad.bytes.data() + at, &value, sizeof value);
      auto back = restore(bench, state, bad, 0);
      if (back.ok()) {
        ++restored;
        bench.table.close(back.value());
      } else {
        ++refused;
        ASSERT_EQ(back.status().code, Code::state_invalid) << "byte " << at;
      }
      ASSERT_EQ(bench.cells(), cells) << "byte " << at;
      std::memcpy(bad.bytes.data() + at, &before, sizeof before);
    }
    EXPECT_GT(refused, 5);
    EXPECT_GT(restored, 100);
    EXPECT_EQ(bench.row(witness), row);
    auto back = restore(bench, state, good, 0);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(bench.generate(back.value(), 3), expected);
  }
}

TEST(SavedSequence, NeedsALeaseAndRoom) {
  Bench bench(small);
  const auto branch = bench.open();
  ASSERT_TRUE(bench.prefill(branch, tokens(100)).ok());
  const SavedState state = bench.table.saved(branch).value().state;
  const SavedCells cells = save(bench, branch, 0);
  const auto other = bench.open();
  ASSERT_TRUE(bench.prefill(other, tokens(100)).ok());
  EXPECT_EQ(restore(bench, state, cells, 0).status().code, Code::kv_exhausted);
  EXPECT_EQ(bench.cells(), 200);
  bench.open(), bench.open();
  EXPECT_EQ(restore(bench, state, cells, 0).status().code, Code::sequences_exhausted);
  bench.table.close(other);
  EXPECT_TRUE(restore(bench, state, cells, 0).ok());
  EXPECT_EQ(bench.cells(), 200);
}

TEST(SavedSequence, AParentThatDoesNotReachThatFarIsRefused) {
  Bench bench(small);
  const auto branch = bench.open();
  ASSERT_TRUE(bench.prefill(branch, tokens(10)).ok());
  EXPECT_TRUE(bench.table.prefix_of(branch, 10).ok());
  EXPECT_EQ(bench.table.prefix_of(branch, 11).status().code, Code::invalid_argument);
  EXPECT_EQ(bench.table.prefix_of(99, 1).status().code, Code::branch_disposed);
  EXPECT_EQ(bench.table.saved(99).status().code, Code::branch_disposed);
}

TEST(SavedState, AGrammarIsLedToWhereItStood) {
  Bench bench(small);
  const auto active = bench.open({}, "root ::= \"a\" [0-9a-f]* \"b\" \"c\"");
  ASSERT_TRUE(bench.prefill(active, tokens(3)).ok());
  for (const llama_token token : {0xa, 0x12, 0xb}) ASSERT_TRUE(bench.commit(active, token).ok());
  const auto lazy = bench.open();
  ASSERT_TRUE(bench.prefill(lazy, tokens(3)).ok());
  ASSERT_TRUE(bench.table.set_lazy_grammar(lazy, "root ::= \"ff\" \"0\"", {{Trigger::Kind::word, 0, "ff"}}).ok());
  ASSERT_TRUE(bench.commit(lazy, 0xf).ok());
  GrammarShelf shelf(bench.table.vocab());
  for (const auto handle : {active, lazy}) {
    const SavedState before = bench.table.saved(handle).value().state;
    auto state = revived(bench.table.vocab(), shelf, before);
    ASSERT_TRUE(state.ok());
    const SavedState again = saved(state.value());
    EXPECT_EQ(again.grammar->heard, before.grammar->heard);
    EXPECT_EQ(again.window, before.window);
    const bool is_lazy = handle == lazy;
    // Where the lazy one fires the digit must follow; where the other is, "c" or a further digit may.
    const llama_token next = is_lazy ? 0xf : 0xc;
    auto after = committed(bench.table.vocab(), state.value(), next);
    ASSERT_TRUE(after.ok());
    EXPECT_EQ(committed(bench.table.vocab(), after.value(), 0x1).ok(), !is_lazy);
    EXPECT_EQ(after.value().grammar != nullptr, true);
  }
}

TEST(SavedState, WhatNoSequenceCanHaveIsRefused) {
  Bench bench(small);
  const auto branch = bench.open({}, "root ::= \"a\"+");
  ASSERT_TRUE(bench.prefill(branch, tokens(3)).ok());
  ASSERT_TRUE(bench.commit(branch, 0xa).ok());
  const SavedState good = bench.table.saved(branch).value().state;
  GrammarShelf shelf(bench.table.vocab());
  const auto code_of = [&](auto change) {
    SavedState bad = good;
    change(bad);
    return revived(bench.table.vocab(), shelf, bad).status().code;
  };
  EXPECT_TRUE(revived(bench.table.vocab(), shelf, good).ok());
  EXPECT_EQ(code_of([](SavedState& s) { s.position = -1; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.row.pop_back(); }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.row.assign(s.row.size(), NAN); }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.window = {test::tiny_vocab}; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.window.assign(TokenWindow::capacity + 1, 5); }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.bias = {{-5, 1}}; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.steer = {{5, NAN}}; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.sampling.dry_breakers = {-1}; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.grammar->heard = {test::tiny_vocab}; }), Code::invalid_argument);
  EXPECT_EQ(code_of([](SavedState& s) { s.grammar->heard = {0xb}; }), Code::grammar_rejected);
  EXPECT_EQ(code_of([](SavedState& s) { s.grammar->source.gbnf = "root ::= x"; }), Code::grammar_invalid);
}

TEST(TokenLog, HoldsAllTokensInTheirOrderAndBranchesOff) {
  TokenLog log;
  std::vector<llama_token> expected;
  for (llama_token token = 0; token < 1000; ++token) {
    ASSERT_EQ(log.all(), expected);
    const TokenLog other = log.with(-7);
    log = log.with(token);
    expected.push_back(token);
    ASSERT_EQ(other.all().back(), -7);
  }
}

TEST(Compact, KeepsWhatIsSharedAndEveryOrder) {
  Bench bench(small), twin(small);
  const auto hole = bench.open();
  ASSERT_TRUE(bench.prefill(hole, tokens(100, 9)).ok());
  const auto write = [](Bench& on) {
    const auto parent = on.open();
    EXPECT_TRUE(on.prefill(parent, tokens(20)).ok());
    const auto child = on.table.fork(parent).value();
    on.generate(child, 5);
    on.generate(parent, 3);
    return std::pair(parent, child);
  };
  const auto [parent, child] = write(bench);
  const auto [parent_twin, child_twin] = write(twin);
  bench.table.close(hole);
  bench.decoder.begin(bench.table.take_queued());
  ASSERT_TRUE(bench.decoder.compact().ok());
  EXPECT_EQ(bench.cells(), 28);
  // The cells lie now as they do where the hole has never been.
  EXPECT_EQ(bench.generate(child, 5), twin.generate(child_twin, 5));
  EXPECT_EQ(bench.generate(parent, 5), twin.generate(parent_twin, 5));
  EXPECT_EQ(bench.row(child), twin.row(child_twin));
  EXPECT_EQ(bench.row(parent), twin.row(parent_twin));
}

} // namespace
} // namespace lloyal
