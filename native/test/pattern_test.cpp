#include "pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>

namespace lloyal {
namespace {

PatternSearch search_for(const std::string& source, bool full = false) {
  auto pattern = Pattern::compile(source, full);
  EXPECT_TRUE(pattern.ok()) << source << ": " << (pattern.ok() ? "" : pattern.status().message);
  return PatternSearch(pattern.value());
}

// Where std::regex, which may take for ever and overflow the stack, finds it.
std::optional<size_t> plain(const std::string& source, const std::string& text) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(source, std::regex::ECMAScript))) return std::nullopt;
  return static_cast<size_t>(match.size() > 1 && match[1].matched ? match.position(1) : match.position(0));
}

TEST(Pattern, FindsWhatABacktrackerFindsAtEveryPointOfTheText) {
  const std::vector<std::string> sources = {
      "ab",        "a|b",   "a*b",         "(a)b",      "a(b|c)",   "a+?(b)",   "[a-c]{2,3}d", "^ab*c",
      "b$",        "[^a]b", "(?:ab)+c",    "(a|ab)(c)", "a{2}",     "a{2,}b?c", ".b.",         "\\w\\d",
      "^$",        "a*?$",  "(?:a|b)*(c)", "((a)b)c",   "[ab]\\\\", "x{,3}",    "a\\{b",       "(?:a{0,2}){2}b",
      "[\\d\\-]+", "(b*)$", "a.*b.*c"};
  std::mt19937 random(3);
  int found = 0;
  for (const std::string& source : sources) {
    if (source == "x{,3}") continue; // a literal in JavaScript, an error in std::regex
    for (int round = 0; round < 60; ++round) {
      PatternSearch search = search_for(source);
      std::string text;
      for (int piece = 0; piece < 8; ++piece) {
        std::string next;
        for (unsigned i = random() % 4; i > 0; --i) next += "aabbccd1-\\{"[random() % 11];
        text += next;
        const auto expected = plain(source, text);
        ASSERT_EQ(search.read(next), expected) << source << " in " << text;
        if (!expected) continue;
        ++found;
        break;
      }
    }
  }
  EXPECT_GT(found, 500);
}

TEST(Pattern, AFullPatternMeansTheWholeText) {
  PatternSearch search = search_for("a|bc+", true);
  EXPECT_FALSE(search.read("b"));
  EXPECT_EQ(search.read("c"), 0u);
  EXPECT_EQ(search.read("c"), 0u);
  EXPECT_FALSE(search.read("a"));
}

TEST(Pattern, ReadsCodePointsAndCountsBytes) {
  EXPECT_EQ(search_for("(é.)x").read("aéλx"), 1u);
  EXPECT_EQ(search_for("[α-ω]{3}$").read("ééαβγ"), 4u);
  EXPECT_EQ(search_for("\\u00e9[^\\s]").read("  éa"), 2u);
  EXPECT_FALSE(search_for("[^λ]").read("λλ"));
}

TEST(Pattern, ABraceThatCountsNothingIsALiteral) {
  EXPECT_EQ(search_for("{\"name\"").read("x{\"name\""), 1u);
  EXPECT_EQ(search_for("x{,3}").read("ax{,3}"), 1u);
}

TEST(Pattern, RefusesWhatItCannotFollow) {
  for (const std::string source : {"(?=a)", "(?!a)", "(?<x>a)", "(a)\\1", "\\bword", "a**", "*", "(", ")", "[a",
                                   "a{3,2}", "[b-a]", "\\", "\\p{L}", "a{2000}", "(?:(?:a{100}){100}){100}"})
    EXPECT_EQ(Pattern::compile(source, false).status().code, Code::invalid_argument) << source;
  EXPECT_EQ(Pattern::compile(std::string(2000, 'a'), false).status().code, Code::invalid_argument);
  EXPECT_EQ(Pattern::compile(std::string(500, '(') + std::string(500, ')'), false).status().code,
            Code::invalid_argument);
}

TEST(Pattern, TakesTimeInProportionToTheText) {
  // A backtracker takes 2^30 steps for this.
  PatternSearch search = search_for("^(?:a?){30}a{30}$");
  EXPECT_EQ(search.read(std::string(30, 'a')), 0u);
  PatternSearch nested = search_for("^(?:a*)*b");
  EXPECT_FALSE(nested.read(std::string(100000, 'a')));
}

} // namespace
} // namespace lloyal
