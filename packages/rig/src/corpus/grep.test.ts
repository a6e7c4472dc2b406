import fc from "fast-check";
import { expect, test } from "vitest";
import { type GrepMatches, type GrepOptions, grep } from "./grep.ts";
import { corpusOf } from "./testing/corpus-of.ts";
import type { ToolFault } from "./tool-fault.ts";

const corpus = corpusOf({
  "a.csv": "name,value\nGGML_CUDA,1\n",
  "b.md": "# Build\n\nSet GGML_CUDA=ON.\nset ggml_metal=off.\n",
});

function matchesOf(pattern: string, options?: GrepOptions, searched = corpus): GrepMatches {
  const result = grep(searched, pattern, options);
  if (!result.ok) throw new Error(result.message);
  return result;
}

function faultOf(pattern: string): ToolFault {
  const result = grep(corpus, pattern);
  if (result.ok) throw new Error("a fault was expected");
  return result;
}

test("every matching line comes back with its file and number, data after prose", () => {
  expect(matchesOf("GGML_[A-Z]+")).toEqual({
    ok: true,
    matches: [
      { file: "b.md", line: 3, text: "Set GGML_CUDA=ON." },
      { file: "a.csv", line: 2, text: "GGML_CUDA,1" },
    ],
  });
});

test("case counts unless it is to be ignored", () => {
  expect(matchesOf("ggml").matches).toHaveLength(1);
  expect(matchesOf("ggml", { ignoreCase: true }).matches).toHaveLength(3);
});

test("a limit that is reached is said", () => {
  expect(matchesOf(".", { limit: 2 })).toMatchObject({
    matches: [{ line: 1 }, { line: 3 }],
    incomplete: /more than 2/,
  });
});

test("a limit that is just met is complete", () => {
  expect(matchesOf("ggml", { ignoreCase: true, limit: 3 }).incomplete).toBeUndefined();
});

test("no match is an answer, not a fault", () => {
  expect(matchesOf("nowhere")).toEqual({ ok: true, matches: [] });
});

test.each(["[", "(?<n", "\\", "(a", "a{2,1}", ""])(
  "the invalid pattern %j is a fault that names a way out",
  (pattern) => {
    expect(faultOf(pattern)).toMatchObject({ code: "PATTERN_INVALID", remedy: /./ });
  },
);

test.each(["(?=(a+))\\1+b", "(?<!x)y", "(a)\\1"])("%j has no linear time and is refused with the reason", (pattern) => {
  expect(faultOf(pattern).remedy).toMatch(/Lookaround and backreferences/);
});

test("a pattern of a megabyte is refused", () => {
  expect(faultOf("x".repeat(1_000_000))).toMatchObject({ code: "PATTERN_TOO_LONG" });
});

test("a pattern that looks like an option of a program is only a pattern", () => {
  expect(matchesOf("-f/etc/passwd").matches).toEqual([]);
  expect(matchesOf("--").matches).toEqual([]);
});

test("a pattern that matches nothing ends", () => {
  expect(matchesOf("(?:)", { limit: 3 }).matches).toHaveLength(3);
});

test("a long line comes back as the part around its match", () => {
  const long = corpusOf({ "a.txt": `${"x".repeat(5000)}needle${"y".repeat(5000)}` });
  const [match] = matchesOf("needle", {}, long).matches;
  expect(match!.text).toContain("needle");
  expect(match!.text.length).toBeLessThanOrEqual(240);
});

test("of a line without end only the beginning is searched, and that is said", () => {
  const long = corpusOf({ "a.txt": `${"x".repeat(100_000)}needle` });
  expect(matchesOf("needle", {}, long)).toMatchObject({ matches: [], incomplete: /very long lines/ });
});

test("a large pattern over a large corpus stops by its work, the same way each time", () => {
  const large = corpusOf({ "a.txt": `${"01".repeat(5000)}\n`.repeat(500) });
  const first = matchesOf("((0|1)*1(0|1){100}){5}2", {}, large);
  expect(first.incomplete).toMatch(/the search stopped in a.txt/);
  expect(matchesOf("((0|1)*1(0|1){100}){5}2", {}, large)).toEqual(first);
});

test("a literal pattern finds just the lines that hold it", () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom(..."ab .é"), maxLength: 8 }), {
    minLength: 1,
    maxLength: 20,
  });
  const literal = fc.string({ unit: fc.constantFrom(..."ab é"), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(lines, literal, (texts, needle) => {
      const searched = corpusOf({ "a.txt": texts.join("\n") });
      const expected = texts.flatMap((text, at) => (text.includes(needle) ? [at + 1] : []));
      expect(matchesOf(needle, { limit: 200 }, searched).matches.map(({ line }) => line)).toEqual(expected);
    }),
  );
});
