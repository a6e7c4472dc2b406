import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toolCallGrammar } from "../grammar/tool-call-grammar.ts";
import { compileGbnf, type GbnfAcceptor } from "./gbnf-acceptor.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

function accepts(acceptor: GbnfAcceptor, text: string): boolean {
  const state = acceptor.advance(acceptor.start(), text);
  return state !== undefined && acceptor.canEnd(state);
}

/** The same expression in GBNF and as a JavaScript pattern; without repetitions of what can be empty. */
type Pair = { gbnf: string; pattern: string };
const atom = fc.constantFrom<Pair>(
  { gbnf: '"ab"', pattern: "ab" },
  { gbnf: '"b"', pattern: "b" },
  { gbnf: "[a-b]", pattern: "[ab]" },
  { gbnf: "[^a]", pattern: "[^a]" },
  { gbnf: ".", pattern: "[^]" },
  { gbnf: '"😀"', pattern: "😀" },
);
const { expression } = fc.letrec<{ expression: Pair }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    atom,
    fc
      .tuple(tie("expression"), tie("expression"))
      .map(([a, b]) => ({ gbnf: `(${a.gbnf} ${b.gbnf})`, pattern: `(?:${a.pattern}${b.pattern})` })),
    fc
      .tuple(tie("expression"), tie("expression"))
      .map(([a, b]) => ({ gbnf: `(${a.gbnf} | ${b.gbnf})`, pattern: `(?:${a.pattern}|${b.pattern})` })),
    fc.tuple(tie("expression"), atom, fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}")).map(([a, b, repeat]) => ({
      gbnf: `(${a.gbnf} ${b.gbnf})${repeat} ${b.gbnf}`,
      pattern: `(?:${a.pattern}${b.pattern})${repeat}${b.pattern}`,
    })),
  ),
}));
const shortText = fc.string({ unit: fc.constantFrom("a", "b", "c", "😀"), maxLength: 8 });

describe("the GBNF acceptor", () => {
  it("accepts what the same regular expression accepts", () =>
    fc.assert(
      fc.property(expression, fc.array(shortText, { minLength: 5 }), ({ gbnf, pattern }, texts) => {
        const acceptor = compileGbnf(`root ::= ${gbnf}`);
        const expected = new RegExp(`^(?:${pattern})$`, "u");
        for (const text of texts) expect([text, accepts(acceptor, text)]).toEqual([text, expected.test(text)]);
      }),
      { numRuns: 1000 },
    ));

  it("goes on exactly while some completion is legal, byte by byte as code point by code point", () =>
    fc.assert(
      fc.property(expression, shortText, ({ gbnf }, text) => {
        const acceptor = compileGbnf(`root ::= ${gbnf}`);
        const bytes = new TextEncoder().encode(text);
        const byBytes = acceptor.advanceBytes(acceptor.start(), bytes);
        expect(byBytes).toBe(acceptor.advance(acceptor.start(), text));
        for (let cut = 0; byBytes !== undefined && cut < bytes.length; cut++)
          expect(acceptor.advanceBytes(acceptor.start(), bytes.subarray(0, cut))).toBeDefined();
      }),
    ));

  it("matches nested brackets, which no regular expression does", () => {
    const acceptor = compileGbnf('root ::= "(" root ")" root | ""');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("(", ")"), maxLength: 14 }), (text) => {
        let depth = 0;
        let isBalanced = true;
        for (const char of text) {
          depth += char === "(" ? 1 : -1;
          if (depth < 0) isBalanced = false;
        }
        expect(accepts(acceptor, text)).toBe(isBalanced && depth === 0);
        expect(acceptor.advance(acceptor.start(), text) !== undefined).toBe(isBalanced);
      }),
    );
  });

  it("leaves a state as it was when another path goes on from it", () => {
    const acceptor = compileGbnf('root ::= "ab" | "ac"');
    const a = acceptor.advance(acceptor.start(), "a")!;
    expect(acceptor.advance(a, "b")).toBeDefined();
    expect(acceptor.advance(a, "c")).toBeDefined();
    expect(acceptor.advance(acceptor.start(), "b")).toBeUndefined();
  });

  it("tells which code points may come next", () => {
    const acceptor = compileGbnf('root ::= "a" | [x-z]');
    const ranges = acceptor.nextCodePoints(acceptor.start());
    expect(ranges.toSorted((a, b) => a.low - b.low)).toEqual([
      { low: 0x61, high: 0x61 },
      { low: 0x78, high: 0x7a },
    ]);
  });

  it("allows a first byte only where a legal code point can follow from it", () => {
    const acceptor = compileGbnf('root ::= "é" | [\\U0001F600-\\U0001F64F]');
    const after = (...bytes: number[]) => acceptor.advanceBytes(acceptor.start(), Uint8Array.from(bytes));
    expect(after(0xc3)).toBeDefined();
    expect(after(0xc3, 0xa9)).toBe(acceptor.advance(acceptor.start(), "é"));
    expect(after(0xc3, 0xa8)).toBeUndefined();
    expect(after(0xc4)).toBeUndefined();
    expect(after(0xf0, 0x9f, 0x98)).toBeDefined();
    expect(after(0xf0, 0x9f, 0x9a)).toBeUndefined();
  });

  it("neither ends nor takes text inside a code point", () => {
    const acceptor = compileGbnf('root ::= ("é" | "x")*');
    const inside = acceptor.advanceBytes(acceptor.start(), Uint8Array.of(0xc3))!;
    expect(acceptor.canEnd(acceptor.start())).toBe(true);
    expect(acceptor.canEnd(inside)).toBe(false);
    expect(acceptor.advance(inside, "x")).toBeUndefined();
    expect(acceptor.nextCodePoints(inside)).toEqual([]);
    expect(acceptor.advanceBytes(inside, Uint8Array.of(0xa9))).toBe(acceptor.start());
  });

  it("takes no bytes that are not UTF-8", () => {
    const acceptor = compileGbnf("root ::= .*");
    for (const bytes of [
      [0x80],
      [0xc0, 0x80],
      [0xc1],
      [0xe0, 0x80],
      [0xed, 0xa0],
      [0xf0, 0x80],
      [0xf4, 0x90],
      [0xf5],
      [0xc3, 0x41],
    ])
      expect(acceptor.advanceBytes(acceptor.start(), Uint8Array.from(bytes))).toBeUndefined();
  });

  it("meets ambiguity and long texts with few states", () => {
    const acceptor = compileGbnf('root ::= ("a" | "a" "a")* x\nx ::= "a" x | "b"');
    const state = acceptor.advance(acceptor.start(), "a".repeat(20_000))!;
    expect(state).toBe(acceptor.advance(state, "a"));
    expect(accepts(acceptor, `${"a".repeat(20_000)}b`)).toBe(true);
  });

  it("forgets what it learnt when that grows too large, and goes on", { timeout: 60_000 }, () => {
    const acceptor = compileGbnf('root ::= "(" root ")" | "x"');
    const depth = 60_000;
    const inside = acceptor.advance(acceptor.start(), "(".repeat(depth))!;
    expect(accepts(acceptor, `${"(".repeat(depth)}x${")".repeat(depth)}`)).toBe(true);
    expect(acceptor.advance(inside, "x")).toBeDefined();
  });

  it("masks the simulated vocabulary along a tool call", () => {
    const vocabulary = createSimulatedVocabulary();
    const parameters = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
    const acceptor = compileGbnf(toolCallGrammar([{ name: "search", description: "", parameters }]));
    const call = '<tool_call>\n{"name": "search", "arguments": {"query": "é😀"}}\n</tool_call>';
    const pieces = Array.from({ length: vocabulary.size }, (_, token) => vocabulary.bytes(token, true));

    let state = acceptor.start();
    const legalCounts: number[] = [];
    for (const token of vocabulary.tokenize(call, true)) {
      const legal = pieces.flatMap((piece, id) => (acceptor.advanceBytes(state, piece) === undefined ? [] : [id]));
      expect(legal).toContain(token);
      legalCounts.push(legal.length);
      state = acceptor.advanceBytes(state, pieces[token]!)!;
    }
    expect(acceptor.canEnd(state)).toBe(true);
    // The marker's own token or its first byte; then one byte at a time; in the string, most of them.
    expect(legalCounts[0]).toBe(2);
    expect(legalCounts[1]).toBe(1);
    expect(Math.max(...legalCounts)).toBeGreaterThan(100);
  });
});
