import fc from "fast-check";
import { expect, test } from "vitest";
import { sentenceSpans } from "./sentence-spans.ts";
import { arbitraryMarkdown } from "./testing/arbitrary-markdown.ts";

function cut(text: string): string[] {
  return sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
}

test("prose is cut after full stops, question marks and exclamation marks", () => {
  expect(cut("It is fast. Is it? Yes! (It is.) Done")).toEqual(["It is fast.", "Is it?", "Yes!", "(It is.)", "Done"]);
});

test("dotted names, versions, flags and numbers are not cut", () => {
  for (const text of [
    "Run llama.cpp with --flash-attn on v0.5.0 or 1.5 GB.",
    "It needs GCC 15.1.0 and e.g. CUDA or i.e. HIP.",
    "Compare this vs. That and Fig. 3 by J. Smith et al. Here.",
    "Create a folder (ex. /llama/models) first.",
    "See https://example.org/a.B?c=D. for more.",
  ]) {
    expect(cut(text)).toEqual([text]);
  }
});

test("inline code is not cut, and an open backtick does no harm", () => {
  expect(cut("Call `make. Then stop` now. Go.")).toEqual(["Call `make. Then stop` now.", "Go."]);
  expect(cut("An open ` tick. Next one.")).toEqual(["An open ` tick.", "Next one."]);
});

test("a sentence may begin with a code span, a quotation or a link", () => {
  expect(cut('One. `two` three. "Four" five. [Six](x.md) seven. **Eight**.')).toHaveLength(5);
});

test("a list item is cut from its neighbours and loses its marker", () => {
  expect(cut("1. Create a model\n2. Push it\n   to the hub\n- Done. Really.")).toEqual([
    "Create a model",
    "Push it\n   to the hub",
    "Done.",
    "Really.",
  ]);
});

test("closing marks stay with their sentence", () => {
  expect(cut('He said "yes." Then **he left.** Gone')).toEqual(['He said "yes."', "Then **he left.**", "Gone"]);
});

test("Chinese and Japanese full stops need no space", () => {
  expect(cut("第一句。第二句！第三句")).toEqual(["第一句。", "第二句！", "第三句"]);
});

test("spans lie in order, do not overlap and are trimmed", () => {
  fc.assert(
    fc.property(fc.oneof(arbitraryMarkdown, fc.string({ unit: "binary" })), (text) => {
      let last = 0;
      for (const { start, end } of sentenceSpans(text)) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        expect(text.slice(start, end)).toBe(text.slice(start, end).trim());
        last = end;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }),
  );
});
