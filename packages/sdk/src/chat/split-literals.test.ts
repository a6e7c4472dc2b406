import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileSplitLiterals } from "./split-literals.ts";

// Few letters, so that literals overlap, contain each other and repeat themselves.
const letters = fc.string({ unit: fc.constantFrom("a", "b", "<", "😀"), maxLength: 12 });
const literal = letters.filter((text) => [...text].length >= 2);
const literals = fc.array(literal, { maxLength: 6 });

describe("splitting inside literals", () => {
  it("leaves no whole literal in any piece, and the pieces joined are the text", () =>
    fc.assert(
      fc.property(literals, fc.array(fc.oneof(letters, literal)), (given, parts) => {
        const text = parts.join("") + given.join("");
        const pieces = compileSplitLiterals(given)(text);
        expect(pieces.join("")).toBe(text);
        for (const piece of pieces) for (const one of given) expect(piece.includes(one)).toBe(false);
      }),
      { numRuns: 2000 },
    ));

  it("never cuts a code point in two", () =>
    fc.assert(
      fc.property(literals, letters, (given, text) => {
        for (const piece of compileSplitLiterals(given)(text)) expect(/\p{Surrogate}/u.test(piece)).toBe(false);
      }),
    ));

  it("does not cut a text without literals", () => {
    expect(compileSplitLiterals(["<|im_end|>"])("a <|im_end| b > c")).toEqual(["a <|im_end| b > c"]);
  });

  it("cuts inside the inner one of two literals, one in the other", () => {
    expect(compileSplitLiterals(["<abcd>", "bc"])("<abcd>")).toEqual(["<ab", "cd>"]);
  });

  it("gives no pieces for no text", () => {
    expect(compileSplitLiterals(["ab"])("")).toEqual([]);
  });

  // Counted, not timed: each cut may only step back over the one code point that it cuts before.
  it("reads 200 KB against 300 literals in a linear number of steps", () => {
    const many = Array.from({ length: 300 }, (_, i) => `<|reserved_special_token_${i}|>`);
    const split = compileSplitLiterals(many);
    const text = "<|reserved_special_token_<|reserved_special_token_7|>".repeat(4000);
    let reads = 0;
    const charCodeAt = (index: number) => {
      reads++;
      return text.charCodeAt(index);
    };
    const counted = { length: text.length, charCodeAt, slice: () => "" };
    split(counted as unknown as string);
    expect(reads).toBeLessThan(2 * text.length);
  });
});
