#include "grammar.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::tiny_eos;
using test::tiny_model;

Result<std::shared_ptr<const Grammar>> parse(const std::string& gbnf) {
  return Grammar::parse(tiny_model()->vocab(), gbnf);
}

TEST(Grammar, AnEndTokenBeforeTheEndIsRejectedNotAnAbort) {
  auto grammar = parse("root ::= \"1f\"");
  ASSERT_TRUE(grammar.ok());
  EXPECT_EQ(grammar.value()->accept(tiny_eos).status().code, Code::grammar_rejected);
  auto complete = grammar.value()->accept(0x1f);
  ASSERT_TRUE(complete.ok());
  EXPECT_TRUE(complete.value()->allows(tiny_eos));
  EXPECT_FALSE(complete.value()->allows(0x1f));
  EXPECT_TRUE(complete.value()->accept(tiny_eos).ok());
}

TEST(Grammar, AcceptingLeavesTheEarlierStateAsItWas) {
  auto grammar = parse("root ::= \"1\" \"f\" \"2\"");
  ASSERT_TRUE(grammar.ok());
  auto next = grammar.value()->accept(0x1);
  ASSERT_TRUE(next.ok());
  EXPECT_TRUE(grammar.value()->allows(0x1f));
  EXPECT_FALSE(grammar.value()->allows(0xf2));
  EXPECT_TRUE(next.value()->allows(0xf2));
  EXPECT_EQ(next.value()->accept(0x1).status().code, Code::grammar_rejected);
}

TEST(Grammar, RefusesWhatIsNoGrammar) {
  const std::string deep = "root ::= " + std::string(300, '(') + "\"a\"" + std::string(300, ')');
  const std::string zero("root ::= \"a\"\0", 13);
  for (const std::string& gbnf :
       {std::string(""), std::string("hello"), std::string("root ::= \"a"), std::string("root ::= ("),
        std::string("root ::= )"), std::string("root ::= other"), std::string("other ::= \"a\""),
        std::string("root ::= root \"a\""), std::string("root ::= \"a\"{70000}"), deep, zero,
        "root ::= \"" + std::string(1 << 20, 'a') + "\""})
    EXPECT_EQ(parse(gbnf).status().code, Code::grammar_invalid) << gbnf.substr(0, 40);
}

TEST(Grammar, BracketsInLiteralsAndCommentsDoNotCount) {
  EXPECT_TRUE(parse("# (((\nroot ::= \"(\\\"(\" [(\\]{] # {9999999}\n").ok());
}

TEST(Grammar, TellsTheBytesThatMustCome) {
  const auto forced = [](const char* gbnf, size_t most) {
    return Grammar::parse(tiny_model()->vocab(), gbnf).value()->forced(most);
  };
  EXPECT_EQ(forced("root ::= \"1f\" (\"3a\" | \"3b\")", 64), "1f3");
  EXPECT_EQ(forced("root ::= \"1f3a\"", 3), "1f3");
  EXPECT_EQ(forced("root ::= \"ab\"", 64), "ab");
  // The text may end there.
  EXPECT_EQ(forced("root ::= \"ab\" \"cd\"?", 64), "ab");
  EXPECT_EQ(forced("root ::= [0-9]", 64), "");
  // Code points that begin alike.
  EXPECT_EQ(forced("root ::= [\u00e4\u00f6] \"a\"", 64), "\xc3");
}

} // namespace
} // namespace lloyal
