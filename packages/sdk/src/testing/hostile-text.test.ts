import { describe, expect, it } from "vitest";
import { hostileText } from "./hostile-text.ts";

const literals = ["<|im_start|>", "<|im_end|>", "<tool_call>", "</s>"];
const texts = Array.from({ length: 2000 }, (_, seed) => hostileText(literals, seed));

describe("hostile texts", () => {
  it("are the same for the same seed, and hardly ever for two", () => {
    expect(Array.from({ length: 2000 }, (_, seed) => hostileText(literals, seed))).toEqual(texts);
    expect(new Set(texts).size).toBeGreaterThan(1900);
  });

  it.each(literals)("hold %s whole, doubled, with something in it, and at an edge in part", (literal) => {
    const holds = (test: (text: string) => boolean) => expect(texts.some(test)).toBe(true);
    holds((text) => text.includes(literal));
    holds((text) => text.includes(literal + literal));
    for (const other of [literal, "\u200b"]) {
      const split = Array.from(literal, (_, at) => literal.slice(0, at) + other + literal.slice(at)).slice(1);
      holds((text) => split.some((nested) => text.includes(nested)));
    }
    holds((text) => text.endsWith(literal.slice(0, 2)));
    holds((text) => text.startsWith(literal.slice(-2)));
  });

  it("hold what is no text, and what is a lot of it", () => {
    const matches = (pattern: RegExp) => expect(texts.some((text) => pattern.test(text))).toBe(true);
    for (const pattern of [
      /\p{Surrogate}/u,
      /\0/,
      /\u202e/,
      /[\u{e0000}-\u{e007f}]/u,
      /<\/tool_response>/,
      /\{\{messages/,
    ])
      matches(pattern);
    expect(Math.max(...texts.map(({ length }) => length))).toBeGreaterThan(1000);
  });
});
