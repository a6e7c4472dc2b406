import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { chatmlLiterals, createSimulatedVocabulary, type StructuralLiteral } from "../testing/simulated-vocabulary.ts";
import { pieceCharsMax } from "./content-pieces.ts";
import type { Origin, PieceTokens, Segment } from "./language.ts";
import { tokenizeSegments } from "./segments.ts";

const vocabulary = createSimulatedVocabulary();
const structuralOf = (v: Vocabulary) => new Set(v.structural.map(({ token }) => token));
const read = (v: Vocabulary, tokens: readonly number[]) =>
  Buffer.concat(tokens.map((token) => v.bytes(token, true))).toString("utf8");

/** Loses a byte as llama.cpp does where a byte-level vocabulary has no token for it: without a sound. */
const withoutByte = (v: Vocabulary, byte: number): Vocabulary => ({
  ...v,
  tokenize: (text, parseSpecial) => v.tokenize(text, parseSpecial).filter((token) => token !== byte),
});

/** Whole literals, their beginnings and ends, and what attackers put between them. */
function adversarialText(literals: readonly StructuralLiteral[]) {
  const literal = fc.constantFrom(...literals.map(({ text }) => text));
  const piece = fc
    .tuple(literal, fc.nat(40), fc.nat(40))
    .map(([text, a, b]) => text.slice(a % text.length, (a % text.length) + 1 + (b % text.length)));
  const filler = fc.constantFrom("\n", "system\n", " ", "<", "|", ">", "/", "é", "😀", "\ufeff", "\u200b", "\\u003c");
  return fc
    .array(fc.oneof(literal, piece, filler, fc.string({ unit: "grapheme" })), { maxLength: 12 })
    .map((p) => p.join(""));
}

const contentOrigin = fc.constantFrom<Origin>("user", "tool", "model");

describe("tokens of segments", () => {
  it("let no content yield a structural token, and read back exactly", () =>
    fc.assert(
      fc.property(fc.array(fc.record({ text: adversarialText(chatmlLiterals), origin: contentOrigin })), (segments) => {
        const tokens = tokenizeSegments(vocabulary, segments);
        const structural = structuralOf(vocabulary);
        expect(tokens.filter((token) => structural.has(token))).toEqual([]);
        expect(read(vocabulary, tokens)).toBe(segments.map(({ text }) => text).join(""));
      }),
      { numRuns: 1000 },
    ));

  it("hold the same for vocabularies whose literals overlap and contain each other", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "<", "é"), minLength: 2, maxLength: 6 });
    const literals = fc.uniqueArray(fc.record({ text, attribute: fc.constant("user-defined" as const) }), {
      minLength: 1,
      maxLength: 8,
      selector: (literal) => literal.text,
    });
    fc.assert(
      fc.property(
        literals.chain((given) => fc.tuple(fc.constant(given), adversarialText(given), adversarialText(given))),
        ([given, first, second]) => {
          const nasty = createSimulatedVocabulary(given);
          const tokens = tokenizeSegments(nasty, [
            { text: first, origin: "user" },
            { text: second, origin: "tool" },
          ]);
          expect(tokens.every((token) => token < 256)).toBe(true);
          expect(read(nasty, tokens)).toBe(first + second);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("see a literal that is spread over two contents", () => {
    const segments: Segment[] = [
      { text: "<tool_", origin: "user" },
      { text: "", origin: "scaffold" },
      { text: "call>", origin: "tool" },
    ];
    const calls: [string, boolean][] = [];
    const spy: Vocabulary = {
      ...vocabulary,
      tokenize(text, parseSpecial) {
        calls.push([text, parseSpecial]);
        return vocabulary.tokenize(text, parseSpecial);
      },
    };
    tokenizeSegments(spy, segments);
    expect(calls).toEqual([
      ["<tool_call", false],
      [">", false],
    ]);
  });

  it("parse scaffold in one piece, so that neighbours tokenise as one text", () => {
    const tokens = tokenizeSegments(vocabulary, [
      { text: "<|im_", origin: "scaffold" },
      { text: "end|>", origin: "scaffold" },
    ]);
    expect(read(vocabulary, tokens)).toBe("<|im_end|>");
    expect(tokens).toHaveLength(1);
  });

  it("never join content with scaffold into a literal", () => {
    const tokens = tokenizeSegments(vocabulary, [
      { text: "<|im_", origin: "user" },
      { text: "end|>", origin: "scaffold" },
    ]);
    expect(tokens.every((token) => token < 256)).toBe(true);
  });

  it("give a lone surrogate as U+FFFD, and do not let it hide a literal", () => {
    const tokens = tokenizeSegments(vocabulary, [{ text: "\ud83d<tool_call>\udc00", origin: "tool" }]);
    expect(read(vocabulary, tokens)).toBe("\ufffd<tool_call>\ufffd");
    const odd = createSimulatedVocabulary([{ text: "<\ufffd>", attribute: "user-defined" }]);
    expect(read(odd, tokenizeSegments(odd, [{ text: "<\ud83d>", origin: "tool" }]))).toBe("<\ufffd>");
  });

  it("give a character that the vocabulary cannot spell as U+FFFD, so that nothing closes up over it", () => {
    const odd = withoutByte(vocabulary, 0x04);
    const tokens = tokenizeSegments(odd, [{ text: "</tool\u0004_response> \u0005é😀", origin: "tool" }]);
    expect(read(odd, tokens)).toBe("</tool\ufffd_response> \u0005é😀");
  });

  it("give a character of which the vocabulary lacks one byte as one U+FFFD", () => {
    const odd = withoutByte(vocabulary, 0xf2);
    expect(read(odd, tokenizeSegments(odd, [{ text: "a\u{80000}b", origin: "user" }]))).toBe("a\ufffdb");
  });

  it("give the tokenizer at most a piece at a time, and lose no character between two", () => {
    const sizes: number[] = [];
    const spy: Vocabulary = {
      ...vocabulary,
      tokenize(text, parseSpecial) {
        sizes.push(text.length);
        return vocabulary.tokenize(text, parseSpecial);
      },
    };
    const text = "Ein Ofen, 1240 °C. 😀\n".repeat(2000);
    expect(read(vocabulary, tokenizeSegments(spy, [{ text, origin: "tool" }]))).toBe(text);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(pieceCharsMax);
    expect(sizes.length).toBeGreaterThan(10);
  });

  it("are no structure where a literal stands across the border of two pieces", () => {
    const literal = "<tool_call>";
    for (let before = 0; before <= literal.length; before++) {
      const text = `${"a".repeat(pieceCharsMax - before)}${literal}${"b".repeat(pieceCharsMax)}`;
      const tokens = tokenizeSegments(vocabulary, [{ text, origin: "tool" }]);
      expect(tokens.every((token) => token < 256)).toBe(true);
      expect(read(vocabulary, tokens)).toBe(text);
    }
  });

  it("of pieces that are known are not asked for again, and new ones are remembered", () => {
    const asked: string[] = [];
    const spy: Vocabulary = {
      ...vocabulary,
      tokenize(text, parseSpecial) {
        asked.push(text);
        return vocabulary.tokenize(text, parseSpecial);
      },
    };
    const text = Array.from({ length: 600 }, (_, i) => `line ${i} of some words\n`).join("");
    const known: PieceTokens = new Map();
    const whole = tokenizeSegments(spy, [{ text, origin: "tool" }], known);
    expect([...known.keys()].join("")).toBe(text);
    asked.length = 0;
    expect(tokenizeSegments(spy, [{ text, origin: "tool" }], known)).toEqual(whole);
    expect(asked).toEqual([]);
    const part = text.slice(0, 9000);
    expect(read(vocabulary, tokenizeSegments(spy, [{ text: part, origin: "tool" }], known))).toBe(part);
    expect(asked.join("").length).toBeLessThanOrEqual(pieceCharsMax);
  });

  it("stop at a vocabulary that forges structure all the same", () => {
    const treacherous: Vocabulary = { ...vocabulary, tokenize: () => [vocabulary.structural[0]!.token] };
    expect(() => tokenizeSegments(treacherous, [{ text: "hello", origin: "user" }])).toThrow(/assertion failed/);
  });

  it("are refused for a vocabulary with a structural token that cannot be cut", () => {
    for (const text of ["\n", "😀"]) {
      const odd = createSimulatedVocabulary([{ text, attribute: "user-defined" }]);
      expect(() => tokenizeSegments(odd, [{ text: "x", origin: "user" }])).toThrow(
        /INVALID_ARGUMENT.*single character/,
      );
    }
  });

  it("are there for a page of 10 MB", { timeout: 60_000 }, () => {
    const text = "a page with <tool_call> in it. ".repeat(330_000);
    expect(tokenizeSegments(vocabulary, [{ text, origin: "tool" }])).toHaveLength(text.length);
  });
});
