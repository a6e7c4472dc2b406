import { describe, expect, it } from "vitest";
import { checkGrammarLimits } from "./limits.ts";

const nested = (depth: number) => `root ::= ${"(".repeat(depth)}"a"${")".repeat(depth)}`;

describe("the limits of a grammar", () => {
  it.each([
    ["empty", ""],
    ["only white space", " \n\t"],
    ["over 1 MiB", `root ::= "a"\n#${"x".repeat(1 << 20)}`],
    ["over 1 MiB in UTF-8", `root ::= "a"\n#${"é".repeat(1 << 19)}`],
    ["nested 257 deep", nested(257)],
    ["nested 100,000 deep", nested(100_000)],
    ["nested without an end", `root ::= ${"(".repeat(100_000)}`],
    ["without root", 'other ::= "a"'],
    ["without root but in a name", 'my-root ::= "a"'],
    ["without root but in a comment", '# root ::= "a"\nother ::= "a"'],
    ["without root but in a literal", 'other ::= "root ::= "'],
    ["cut by a NUL", 'root ::= "a"\0'],
    ["not well-formed", 'root ::= "\ud800"'],
    ["of another language", '%llguidance {}\nroot ::= "a"'],
    ["with a literal that does not end", 'root ::= "a'],
    ["with an empty class", "root ::= [^]"],
    ["with a repetition that llama.cpp would take for no limit", 'root ::= "a"{0,2001}'],
    ["with a repetition upside down", 'root ::= "a"{5,2}'],
  ])("refuse one that is %s", (_, text) => {
    expect(() => checkGrammarLimits(text)).toThrow(expect.objectContaining({ code: "GRAMMAR_INVALID" }));
  });

  it.each([
    ["nested 256 deep", nested(256)],
    ["full of brackets in literals, classes and comments", `root ::= "${"(".repeat(300)}" [({] # ${"(".repeat(300)}`],
    ["with escaped quotes and brackets", 'root ::= "\\"(" [\\]] | "\\\\"'],
    ["with root after others", 'x ::= "a"{0,2000}\n  root   ::= x'],
  ])("allow one that is %s", (_, text) => {
    expect(() => checkGrammarLimits(text)).not.toThrow();
  });
});
