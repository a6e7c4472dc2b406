#include "grammar_shelf.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

std::string literal(size_t number) {
  return "root ::= \"" + std::to_string(number) + "\"";
}

TEST(GrammarShelf, WhoComesWithTheSameTextGetsTheSameGrammar) {
  GrammarShelf shelf(test::tiny_model()->vocab());
  const auto first = shelf.get(literal(1)).value();
  EXPECT_NE(shelf.get(literal(2)).value(), first);
  EXPECT_EQ(shelf.get(literal(1)).value(), first);
}

TEST(GrammarShelf, TheOneThatWasAskedForLeastRecentlyMakesRoom) {
  GrammarShelf shelf(test::tiny_model()->vocab());
  const std::weak_ptr<const Grammar> kept = shelf.get(literal(0)).value();
  const std::weak_ptr<const Grammar> gone = shelf.get(literal(1)).value();
  for (size_t i = 2; i <= GrammarShelf::capacity; ++i) {
    shelf.get(literal(0));
    shelf.get(literal(i));
  }
  EXPECT_FALSE(kept.expired());
  EXPECT_TRUE(gone.expired());
}

TEST(GrammarShelf, WhatIsRefusedIsRefusedAgain) {
  GrammarShelf shelf(test::tiny_model()->vocab());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(shelf.get("root ::= (").status().code, Code::grammar_invalid);
}

} // namespace
} // namespace lloyal
