// On the tiny vocabulary token t reads as its id in hexadecimal, so 0x1f is "1f".
#include "lazy_grammar.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tiny_eos;
using test::tiny_model;
using test::tokens;

using Lazy = std::shared_ptr<const LazyGrammar>;

Result<Lazy> parse(const std::string& gbnf, std::vector<Trigger> triggers) {
  const Vocab& vocab = tiny_model()->vocab();
  return LazyGrammar::over(vocab, Grammar::parse(vocab, gbnf).value(), std::move(triggers));
}

Trigger word(const std::string& text) {
  return {Trigger::Kind::word, LLAMA_TOKEN_NULL, text};
}
Trigger pattern(const std::string& source) {
  return {Trigger::Kind::pattern, LLAMA_TOKEN_NULL, source};
}
Trigger full_pattern(const std::string& source) {
  return {Trigger::Kind::pattern_full, LLAMA_TOKEN_NULL, source};
}
Trigger token(llama_token id) {
  return {Trigger::Kind::token, id};
}

// Reads tokens until a trigger fires.
Result<LazyGrammar::Step> read(Lazy lazy, std::initializer_list<llama_token> ids) {
  Result<LazyGrammar::Step> step = LazyGrammar::Step{nullptr, lazy};
  for (const llama_token id : ids) {
    step = step.value().waiting->hear(id, {tiny_model()->vocab().bytes(id, true), {}});
    if (!step.ok() || step.value().active) break;
  }
  return step;
}

TEST(LazyGrammar, ATokenSetsItOffAndIsItsBeginning) {
  const Lazy lazy = parse("root ::= \"1f\" \"3\"", {token(0x1f)}).value();
  // The same text by other tokens is not that token.
  EXPECT_FALSE(read(lazy, {0x1, 0xf, 0x3}).value().active);
  const auto active = read(lazy, {0x5, 0x1f}).value().active;
  ASSERT_TRUE(active);
  EXPECT_TRUE(active->allows(0x3));
  EXPECT_FALSE(active->allows(0x1f));
}

TEST(LazyGrammar, AWordSetsItOffHoweverItIsTokenised) {
  const Lazy lazy = parse("root ::= \"abc\" [0-9]+", {word("abc")}).value();
  for (const auto& ids : {std::initializer_list<llama_token>{0xabc},
                          {0xa, 0xb, 0xc},
                          {0xab, 0xc},
                          {0xa, 0xbc},
                          {0xaa, 0xba, 0xbc},
                          {0x1ab, 0xc},
                          {0x9, 0xab, 0xab, 0xc}}) {
    const auto active = read(lazy, ids).value().active;
    ASSERT_TRUE(active);
    EXPECT_TRUE(active->allows(0x7));
    EXPECT_FALSE(active->allows(0xa));
    EXPECT_FALSE(active->allows(tiny_eos));
  }
  EXPECT_FALSE(read(lazy, {0xab, 0xa, 0xb, 0xd}).value().active);
}

TEST(LazyGrammar, WhatFollowsTheWordInItsTokenIsReadToo) {
  const Lazy lazy = parse("root ::= \"abc\" [0-9]+", {word("bc"), word("ab")}).value();
  // "ab" comes second in the list and fires first in the text; what it starts with is what the grammar reads.
  const auto active = read(lazy, {0x5, 0xab}).value().active;
  ASSERT_TRUE(active);
  EXPECT_TRUE(active->allows(0xc));
  const Lazy one = parse("root ::= \"b\" [0-9]+", {word("b")}).value();
  EXPECT_TRUE(read(one, {0xb3}).value().active->allows(tiny_eos));
  EXPECT_EQ(read(one, {0xbc}).status().code, Code::grammar_rejected);
  EXPECT_EQ(read(one, {0x1, 0xbd}).status().code, Code::grammar_rejected);
}

TEST(LazyGrammar, TheFirstTriggerOfTheListCounts) {
  const std::string gbnf = "root ::= \"3\" | \"13\" \"4\"";
  EXPECT_TRUE(read(parse(gbnf, {word("3"), token(0x13)}).value(), {0x13}).value().active->allows(tiny_eos));
  EXPECT_TRUE(read(parse(gbnf, {token(0x13), word("3")}).value(), {0x13}).value().active->allows(0x4));
}

TEST(LazyGrammar, APatternSetsItOffFromItsFirstGroup) {
  const std::string gbnf = "root ::= \"a\" [0-9]+";
  const Lazy lazy = parse(gbnf, {pattern("b+(?:c|d)(a[0-9])")}).value();
  for (const auto& ids :
       {std::initializer_list<llama_token>{0xbb, 0xda, 0x7}, {0xb, 0xc, 0xa, 0x3}, {0xbb, 0xc, 0xa9}}) {
    const auto active = read(lazy, ids).value().active;
    ASSERT_TRUE(active);
    EXPECT_TRUE(active->allows(0x5));
    EXPECT_FALSE(active->allows(0xa));
  }
  EXPECT_FALSE(read(lazy, {0xb, 0xa, 0x1}).value().active);
  EXPECT_EQ(read(lazy, {0xbc, 0xa1b}).status().code, Code::grammar_rejected);
}

TEST(LazyGrammar, AFullPatternSetsItOffOnlyWhereItIsTheWholeText) {
  const Lazy lazy = parse("root ::= \"a\" [0-9]+", {full_pattern("[3-9]+(a)")}).value();
  EXPECT_TRUE(read(lazy, {0x3, 0x55, 0xa}).value().active->allows(0x5));
  EXPECT_FALSE(read(lazy, {0xb, 0x3, 0xa}).value().active);
  EXPECT_FALSE(read(lazy, {0x3, 0xab}).value().active);
}

TEST(LazyGrammar, ALongWaitCostsNoMoreMemoryThanItsBound) {
  const Lazy lazy = parse("root ::= \"a\" [0-9]+", {pattern("(a)[0-9b]*c"), word("dead")}).value();
  auto step = read(lazy, {0xa});
  for (size_t i = 0; i < LazyGrammar::text_max / 2; ++i) step = read(step.value().waiting, {0x33});
  // The "a" is too far back by now.
  step = read(step.value().waiting, {0xc});
  ASSERT_TRUE(step.ok());
  EXPECT_FALSE(step.value().active);
  EXPECT_EQ(read(step.value().waiting, {0xa, 0x3, 0xc}).status().code, Code::grammar_rejected);
}

TEST(LazyGrammar, RefusesWhatCouldNeverFire) {
  const std::string gbnf = "root ::= \"1\"";
  EXPECT_EQ(parse(gbnf, {}).status().code, Code::invalid_argument);
  EXPECT_EQ(parse(gbnf, {word("")}).status().code, Code::invalid_argument);
  EXPECT_EQ(parse(gbnf, {token(-1)}).status().code, Code::invalid_argument);
  EXPECT_EQ(parse(gbnf, {token(test::tiny_vocab)}).status().code, Code::invalid_argument);
  Bench bench;
  EXPECT_EQ(bench.table.set_lazy_grammar(bench.open(), "root ::= (", {token(1)}).code, Code::grammar_invalid);
}

// Everything but what holds an f that is not followed by [0-3]+ to the end.
llama_token best_that_may_come(const std::vector<float>& row) {
  llama_token best = LLAMA_TOKEN_NULL;
  for (llama_token id = 0; id < test::tiny_vocab; ++id) {
    const std::string text = tiny_model()->vocab().bytes(id, true);
    const size_t f = text.find('f');
    if (f != std::string::npos && text.find_first_not_of("0123", f + 1) != std::string::npos) continue;
    if (best < 0 || row[static_cast<size_t>(id)] > row[static_cast<size_t>(best)]) best = id;
  }
  return best;
}

TEST(LazyGrammar, ABranchIsFreeUntilItFires) {
  Bench bench;
  for (const double temperature : {0, 1}) {
    const auto branch = bench.open({.temperature = temperature, .seed = 4});
    ASSERT_TRUE(bench.prefill(branch, tokens(8)).ok());
    ASSERT_TRUE(bench.table.set_lazy_grammar(branch, "root ::= \"f\" [0-3]+", {word("f")}).ok());
    // 0xf4 would set it off with text that it forbids; everything else may come.
    ASSERT_TRUE(bench.table.set_logit_bias(branch, {{0xf4, 900}, {0x5, 100}}).ok());
    EXPECT_EQ(bench.next(branch), 0x5);
    EXPECT_EQ(bench.commit(branch, 0xf4).code, Code::grammar_rejected);
    ASSERT_TRUE(bench.table.set_logit_bias(branch, {}).ok());
    if (temperature == 0) EXPECT_EQ(bench.next(branch), best_that_may_come(bench.row(branch)));
    ASSERT_TRUE(bench.commit(branch, 0x5).ok());
    const auto child = bench.table.fork(branch).value();
    ASSERT_TRUE(bench.commit(branch, 0xf).ok());
    const llama_token bound = bench.next(branch);
    EXPECT_TRUE(bench.commit(branch, 0xf).code == Code::grammar_rejected);
    EXPECT_EQ(tiny_model()->vocab().bytes(bound, true).find_first_not_of("0123"), std::string::npos);
    // The fork has not heard it.
    EXPECT_TRUE(bench.commit(child, 0x7).ok());
    bench.table.close(branch);
    bench.table.close(child);
  }
}

} // namespace
} // namespace lloyal
