import fc from "fast-check";
import { expect, test } from "vitest";
import { resourceFile } from "./corpus.ts";
import { findQuote, verifyQuote } from "./quote-match.ts";
import { corpusOf } from "./testing/corpus-of.ts";

const corpus = corpusOf({ "a.md": "first line\nsecond line\nthird line\n" });
const [file] = corpus.files;

test("a quote is found on the lines where it stands", () => {
  expect(findQuote(file!, "second")).toEqual({ startLine: 2, endLine: 2 });
  expect(findQuote(file!, "line\nthird")).toEqual({ startLine: 2, endLine: 3 });
});

test("a changed letter, another case or another space is not found", () => {
  for (const quote of ["secund", "Second", "second  line", "", " \n"]) expect(findQuote(file!, quote)).toBeUndefined();
});

test("a quote is verified at its lines and nowhere else", () => {
  const quote = { file: "a.md", startLine: 2, endLine: 2, quote: "second line" };
  expect(verifyQuote(corpus, quote)).toBe(true);
  expect(verifyQuote(corpus, { ...quote, startLine: 3, endLine: 3 })).toBe(false);
  expect(verifyQuote(corpus, { ...quote, file: "b.md" })).toBe(false);
  expect(verifyQuote(corpus, { ...quote, quote: "" })).toBe(false);
});

test.each([
  [0, 2],
  [2, 99],
  [3, 2],
  [1.5, 2],
  [Number.NaN, 2],
])("lines %d to %d are no lines of the file", (startLine, endLine) => {
  expect(verifyQuote(corpus, { file: "a.md", startLine, endLine, quote: "line" })).toBe(false);
});

test("whatever is cut out of a file is found and verified", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab\n é"), minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), (content, from, length) => {
      const start = from % content.length;
      const quote = content.slice(start, start + 1 + (length % content.length));
      fc.pre(quote.trim() !== "");
      const range = findQuote(resourceFile("a.md", content), quote)!;
      expect(verifyQuote(corpusOf({ "a.md": content }), { file: "a.md", ...range, quote })).toBe(true);
    }),
  );
});
