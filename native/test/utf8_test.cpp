#include "utf8.h"

#include <gtest/gtest.h>

namespace lloyal {
namespace {

const std::string replacement = "\xEF\xBF\xBD";

TEST(Utf8, AnySplitOfAValidTextGivesTheTextBack) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      std::string joined;
      Utf8Pending pending;
      for (const std::string& part : {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
        Utf8Step step = utf8_append(pending, part);
        joined += step.text;
        pending = step.pending;
      }
      EXPECT_EQ(joined, text);
      EXPECT_TRUE(pending.bytes.empty());
    }
  }
}

TEST(Utf8, AnUnfinishedCodePointWaits) {
  const Utf8Step step = utf8_append({}, "x\xF0\x9F\x98");
  EXPECT_EQ(step.text, "x");
  EXPECT_EQ(step.pending.bytes, "\xF0\x9F\x98");
}

TEST(Utf8, BrokenBytesBecomeReplacementCharacters) {
  EXPECT_EQ(utf8_append({"\xE2\x82"}, "a").text, replacement + "a");
  EXPECT_EQ(utf8_append({}, "\x80\xFF").text, replacement + replacement);
  EXPECT_EQ(utf8_append({}, "\xC0\xAF").text, replacement + replacement);                   // overlong
  EXPECT_EQ(utf8_append({}, "\xED\xA0\x80").text, replacement + replacement + replacement); // surrogate
  EXPECT_EQ(utf8_append({}, "\xF4\x90\x80\x80").text, replacement + replacement + replacement + replacement);
}

} // namespace
} // namespace lloyal
