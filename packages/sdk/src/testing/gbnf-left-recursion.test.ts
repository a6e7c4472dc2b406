import { describe, expect, it } from "vitest";
import { refuseLeftRecursion } from "./gbnf-left-recursion.ts";
import { parseGbnf } from "./gbnf-parser.ts";

const check = (text: string) => refuseLeftRecursion(parseGbnf(text));

describe("left recursion", () => {
  it.each([
    ["direct", 'root ::= root "a" | "b"'],
    ["through another rule", 'root ::= x "a"\nx ::= y\ny ::= root | "b"'],
    ["behind something that can be empty", 'root ::= x root\nx ::= "a"?'],
    ["behind a rule that can be empty through another", 'root ::= x root | "c"\nx ::= y y\ny ::= z\nz ::= "" | "a"'],
    ["inside a group", 'root ::= ("a" | (root "b"))'],
    ["in a rule that nothing uses", 'root ::= "a"\nx ::= x "b"'],
    ["of a repetition of what can be empty", 'root ::= ("a"*)*'],
    ["of such a repetition behind the left edge", 'root ::= "b" ("a"?)+'],
  ])("is refused when it is %s", (_, text) => {
    expect(() => check(text)).toThrow(expect.objectContaining({ code: "GRAMMAR_INVALID" }));
  });

  it.each([
    ["right recursion", 'root ::= "a" root | "b"'],
    ["recursion in the middle", 'root ::= "(" root ")" | ""'],
    ["a bounded repetition of what can be empty", 'root ::= ("a"?){0,3}'],
  ])("is not %s", (_, text) => {
    expect(() => check(text)).not.toThrow();
  });

  it("is looked for in a chain of 50,000 rules without overflowing the stack", () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => `x${i} ::= x${i + 1}?`).join("\n");
    expect(() => check(`root ::= x0\n${chain}\nx50000 ::= "a"`)).not.toThrow();
    expect(() => check(`root ::= x0\n${chain}\nx50000 ::= root "a"`)).toThrow(/left recursion/);
  });
});
