import { describe, expect, it } from "vitest";
import { parseGbnf } from "./gbnf-parser.ts";

const root = (text: string) => parseGbnf(text).get("root");
const literal = (text: string) => ({ kind: "literal", codePoints: [...text].map((char) => char.codePointAt(0)) });

describe("the GBNF parser", () => {
  it("reads literals with every escape", () => {
    expect(root('root ::= "\\x41\\u00e9\\U0001F600\\t\\r\\n\\\\\\"\\[\\]\\-é"')).toEqual(literal('Aé😀\t\r\n\\"[]-é'));
  });

  it("reads classes: ranges, negation, a hyphen in last place", () => {
    expect(root("root ::= [a-cb-ez]")).toEqual({
      kind: "class",
      ranges: [
        { low: 0x61, high: 0x65 },
        { low: 0x7a, high: 0x7a },
      ],
    });
    expect(root("root ::= [^a]")).toEqual({
      kind: "class",
      ranges: [
        { low: 0, high: 0x60 },
        { low: 0x62, high: 0x10ffff },
      ],
    });
    expect(root("root ::= [a-]")).toMatchObject({ ranges: [{ low: 0x2d }, { low: 0x61 }] });
    expect(root("root ::= .")).toEqual({ kind: "class", ranges: [{ low: 0, high: 0x10ffff }] });
  });

  it("reads repetitions", () => {
    const bounds = (text: string) => {
      const { least, most } = root(`root ::= "a"${text}`) as { least: number; most: number };
      return [least, most];
    };
    expect(bounds("*")).toEqual([0, Infinity]);
    expect(bounds("+")).toEqual([1, Infinity]);
    expect(bounds("?")).toEqual([0, 1]);
    expect(bounds("{3}")).toEqual([3, 3]);
    expect(bounds("{ 2, }")).toEqual([2, Infinity]);
    expect(bounds("{2,5}")).toEqual([2, 5]);
  });

  it("ends a rule at the line's end, except after a bar and inside a group", () => {
    const rules = parseGbnf('# a comment\nroot ::= "a" | # the rest follows\n  ("b"\n  | "c") x-1\n\nx-1 ::= "d"\r\n');
    expect([...rules.keys()]).toEqual(["root", "x-1"]);
    expect(() => parseGbnf('root ::= "a"\n"b"')).toThrow(/expected a name/);
  });

  it.each([
    ["nothing", ""],
    ["no root", 'other ::= "a"'],
    ["a rule that is not defined", "root ::= missing"],
    ["a rule that is defined twice", 'root ::= "a"\nroot ::= "b"'],
    ["an open literal", 'root ::= "a'],
    ["an open class", "root ::= [a"],
    ["an empty class", "root ::= []"],
    ["an empty negated class", "root ::= [^]"],
    ["a range upside down", "root ::= [z-a]"],
    ["an open group", 'root ::= ("a"'],
    ["a group closed twice", 'root ::= ("a"))'],
    ["an unknown escape", 'root ::= "\\q"'],
    ["too few hexadecimal digits", 'root ::= "\\u12"'],
    ["a code point out of range", 'root ::= "\\U00110000"'],
    ["a repetition of nothing", "root ::= *"],
    ["a repetition of an empty literal", 'root ::= ""*'],
    ["a repetition upside down", 'root ::= "a"{3,2}'],
    ["a repetition over the limit", 'root ::= "a"{0,2001}'],
    ["a repetition of a huge number", 'root ::= "a"{99999999999999999999}'],
    ["a repetition without numbers", 'root ::= "a"{}'],
    ["repetitions that multiply", 'root ::= ("a"{0,100}){0,100}'],
    ["a token", "root ::= <[1]>"],
    ["groups 100,000 deep", `root ::= ${"(".repeat(100_000)}`],
  ])("refuses %s", (_, text) => {
    expect(() => parseGbnf(text)).toThrow(expect.objectContaining({ code: "GRAMMAR_INVALID" }));
  });
});
