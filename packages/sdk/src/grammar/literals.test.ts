import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGbnf } from "../testing/gbnf-acceptor.ts";
import { checkGrammarLimits } from "./limits.ts";
import { gbnfLiteral, oneOf } from "./literals.ts";

function accepts(grammar: string, text: string): boolean {
  checkGrammarLimits(grammar);
  const acceptor = compileGbnf(grammar);
  const state = acceptor.advance(acceptor.start(), text);
  return state !== undefined && acceptor.canEnd(state);
}

const text = fc.string({ unit: "binary" }).filter((candidate) => !candidate.includes("\0"));

describe("a GBNF literal", () => {
  it("matches exactly its text, whatever that is, and is ASCII", () =>
    fc.assert(
      fc.property(text, text, (one, other) => {
        const literal = gbnfLiteral(one);
        expect(literal).toMatch(/^[\x20-\x7e]*$/);
        expect(accepts(`root ::= ${literal}`, one)).toBe(true);
        expect(accepts(`root ::= ${literal}`, other)).toBe(one === other);
      }),
      { numRuns: 500 },
    ));

  it("escapes what would end it", () => {
    expect(gbnfLiteral('a"b\\c\nd\x7fé😀')).toBe('"a\\"b\\\\c\\nd\\x7F\\xE9\\U0001F600"');
  });

  it("is refused for what no grammar can match", () => {
    for (const impossible of ["a\0b", "\ud800"]) expect(() => gbnfLiteral(impossible)).toThrow(/GRAMMAR_INVALID/);
  });
});

describe("a choice of texts", () => {
  it("matches exactly those texts", () => {
    // Few letters, so that they share beginnings, with characters that share a UTF-16 half.
    const word = fc.string({ unit: fc.constantFrom("a", "b", "😀", "😁", '"'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.array(word), (texts, others) => {
        const grammar = `root ::= ${oneOf(texts)}`;
        for (const one of texts) expect(accepts(grammar, one)).toBe(true);
        for (const other of others) expect(accepts(grammar, other)).toBe(texts.includes(other));
      }),
      { numRuns: 500 },
    );
  });

  it("shares common beginnings", () => {
    expect(oneOf(["p1", "p12", "q"])).toBe('"p1" ("" | "2") | "q"');
  });

  it("stays within the nesting limit for texts that begin with each other", () => {
    const texts = Array.from({ length: 500 }, (_, i) => "a".repeat(i + 1));
    const grammar = `root ::= ${oneOf(texts)}`;
    expect(accepts(grammar, "a".repeat(500))).toBe(true);
    expect(accepts(grammar, "a".repeat(501))).toBe(false);
  });

  it("is refused where there is nothing to choose", () => {
    expect(() => oneOf([])).toThrow(/GRAMMAR_INVALID/);
  });
});
