// Our grammars against those of llama.cpp, and what llama.cpp has no answer for.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "grammar.h"
#include "learnt_grammar.h"
#include "log_capture.h"
#include "tiny_model.h"

namespace lloyal {
namespace {

using test::tiny_model;
using test::tiny_vocab;

std::shared_ptr<const Grammar> parse(const std::string& gbnf) {
  auto grammar = Grammar::parse(tiny_model()->vocab(), gbnf);
  return grammar.ok() ? grammar.value() : nullptr;
}

// Over hexadecimal digits, which is what the tokens of the tiny model read as.
class RandomGrammar {
 public:
  explicit RandomGrammar(unsigned seed) : random_(seed) {}

  std::string text() {
    return "root ::= " + expression(3) + " other\nother ::= " + expression(2) + "\nthird ::= " + expression(1) + "\n";
  }

 private:
  size_t below(size_t count) { return random_() % count; }
  std::string pick(std::initializer_list<const char*> list) { return list.begin()[below(list.size())]; }

  std::string atom() {
    return pick({"\"1\"", "\"2f\"", "\"\"", "[0-9]", "[a-f0]", "[^0-7]", ".", "third", "\"a1b\"", "[^\\x30a-z]"});
  }

  std::string expression(int depth) {
    if (depth == 0) return atom();
    const auto part = [&] { return expression(depth - 1); };
    const std::string times = pick({"*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}", ""});
    switch (below(4)) {
    case 0:
      return "(" + part() + " " + part() + ")" + times;
    case 1:
      return "(" + part() + " | " + part() + " | " + atom() + ")" + times;
    case 2:
      return "(" + part() + " \"c\")" + times + " " + atom();
    default:
      return part() + " " + part();
    }
  }

  std::mt19937 random_;
};

using Sampler = std::unique_ptr<llama_sampler, decltype(&llama_sampler_free)>;

std::vector<bool> legal_for_llama(llama_sampler* grammar) {
  std::vector<llama_token_data> data;
  for (llama_token token = 0; token < tiny_vocab; ++token) data.push_back({token, 0, 0});
  llama_token_data_array array{data.data(), data.size(), -1, false};
  llama_sampler_apply(grammar, &array);
  std::vector<bool> legal;
  for (const llama_token_data& entry : data) legal.push_back(entry.logit == 0);
  return legal;
}

std::vector<bool> legal_for_us(const Grammar& grammar) {
  const std::vector<float> masked = grammar.masked(std::vector<float>(tiny_vocab, 1));
  std::vector<bool> legal;
  for (llama_token token = 0; token < tiny_vocab; ++token) {
    legal.push_back(masked[static_cast<size_t>(token)] > -INFINITY);
    EXPECT_EQ(grammar.allows(token), legal.back()) << token;
  }
  return legal;
}

TEST(Gbnf, AllowsAtEveryStepWhatLlamaCppAllows) {
  const Vocab& vocab = tiny_model()->vocab();
  int compared = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const std::string text = RandomGrammar(seed).text();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    const LogCapture quiet;
    const Sampler theirs(llama_sampler_init_grammar(vocab.get(), text.c_str(), "root"), llama_sampler_free);
    auto ours = parse(text);
    // llama.cpp does not see every loop over nothing.
    if (!theirs) ASSERT_FALSE(ours);
    if (!theirs || !ours) continue;
    std::mt19937 random(seed);
    for (int step = 0; step < 6; ++step, ++compared) {
      const std::vector<bool> legal = legal_for_llama(theirs.get());
      ASSERT_EQ(legal_for_us(*ours), legal);
      std::vector<llama_token> ways;
      for (llama_token token = 0; token < tiny_vocab; ++token)
        if (legal[static_cast<size_t>(token)] && !vocab.is_stop(token)) ways.push_back(token);
      if (ways.empty()) break;
      const llama_token next = ways[random() % ways.size()];
      llama_sampler_accept(theirs.get(), next);
      ours = ours->accept(next).value();
    }
  }
  EXPECT_GT(compared, 200);
}

TEST(Gbnf, AByteIsLegalWhileSomeCompletionIs) {
  const auto grammar = parse("root ::= [\u00e4-\u00fc\u20ac\U0001F600] \"x\"");
  ASSERT_TRUE(grammar);
  for (const char* legal : {"\xC3", "\xC3\xA4", "\xC3\xBC", "\xE2", "\xE2\x82", "\xE2\x82\xAC", "\xF0", "\xF0\x9F\x98",
                            "\xF0\x9F\x98\x80x", "\xC3\xA5x"})
    EXPECT_TRUE(grammar->after(legal)) << legal;
  for (const char* illegal : {"\xC3\x80", "\xC2", "\xE2\x81", "\xE3", "\xF0\x9F\x99", "\xC3x", "\xC3\xA4y", "\x80"})
    EXPECT_FALSE(grammar->after(illegal)) << illegal;
}

TEST(Gbnf, NoByteOfWhatIsNotUtf8IsLegalAnywhere) {
  const auto grammar = parse("root ::= .*");
  ASSERT_TRUE(grammar);
  for (const char* legal : {"\xC2\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xE0\xA0\x80"})
    EXPECT_TRUE(grammar->after(legal));
  for (const char* illegal : {"\xC0", "\xC1\x80", "\xE0\x80", "\xED\xA0", "\xF0\x80", "\xF4\x90", "\xF5", "\xFF"})
    EXPECT_FALSE(grammar->after(illegal));
}

TEST(Gbnf, RefusesWhatWouldNeverEndOrMeansNothing) {
  for (const char* gbnf :
       {"root ::= (\"a\"*)*", "root ::= x root\nx ::= \"\"", "root ::= (\"a\"? \"b\"?)+",
        "root ::= \"a\"\nroot ::= \"b\"", "root ::= []", "root ::= [^]", "root ::= [b-a]", "root ::= \"a\"{3,2}",
        "root ::= \"a\"{2001}", "root ::= (\"a\"{0,50}){50}", "root ::= \"\\q\"", "root ::= \"\\xZZ\"",
        "root ::= \"\\U00110000\"", "root ::= *", "root ::= \"\"{2}", "root ::= \"a\" ]", "root \"a\"",
        "root ::= \"a\"{", "root ::= \"a\"{,2}"})
    EXPECT_FALSE(parse(gbnf)) << gbnf;
  std::string deep = "root ::= \"a\"";
  for (int i = 0; i < 100000; ++i) deep += "?";
  EXPECT_FALSE(parse(deep));
}

TEST(Gbnf, FollowsATextThatNestsAHundredThousandDeep) {
  auto grammar = parse("root ::= \"1\" root \"2\" | \"3\"");
  ASSERT_TRUE(grammar);
  const size_t depth = 100000;
  grammar = grammar->after(std::string(depth, '1') + "3");
  ASSERT_TRUE(grammar);
  EXPECT_FALSE(grammar->after(std::string(depth + 1, '2')));
  grammar = grammar->after(std::string(depth, '2'));
  ASSERT_TRUE(grammar);
  EXPECT_TRUE(grammar->allows(test::tiny_eos));
}

TEST(Gbnf, WhatIsLearntIsForgottenInTimeAndPlacesStayGood) {
  const Vocab& vocab = tiny_model()->vocab();
  const auto rules = parse_gbnf("root ::= (\"1\" root \"2\")? [a-f]{0,500} \"0\"").value();
  auto learnt = std::make_shared<LearntGrammar>(vocab, std::make_shared<const GbnfProgram>(rules));
  const auto first = learnt;
  const auto kept = first->after(first->start(), "1");
  const TokenSet expected = *first->legal(kept);

  auto at = learnt->start();
  int renewals = 0;
  const size_t depth = 8000;
  for (size_t i = 0; i < depth; ++i) {
    const auto before = learnt;
    std::tie(learnt, at) = learnt->renewed(at);
    renewals += learnt != before ? 1 : 0;
    at = learnt->after(at, "1");
    ASSERT_TRUE(at.is_legal());
    learnt->legal(at);
  }
  EXPECT_GT(renewals, 1);
  EXPECT_EQ(*first->legal(kept), expected);
  EXPECT_FALSE(learnt->after(at, "0" + std::string(depth, '2')).is_legal());
  std::string rest = "0";
  for (size_t i = 0; i < depth; ++i) rest += "20";
  EXPECT_TRUE(learnt->can_end(learnt->after(at, rest)));
}

} // namespace
} // namespace lloyal
