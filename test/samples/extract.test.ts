import { describe, expect, it } from "vitest";
import { extractSamples, missedLines } from "./extract.ts";

const codeOf = (text: string) => extractSamples("text.md", text).map(({ code }) => code);

describe("code", () => {
  it("is found between lines of prose, without a fence or a blank line", () => {
    const text = "One may count:\nconst a = 1;\ncount(a, {\nby: 2,\n});\nThat is all.\n";
    expect(extractSamples("text.md", text)).toMatchObject([
      { file: "text.md", line: 2, language: "typescript", code: "const a = 1;\ncount(a, {\nby: 2,\n});" },
    ]);
  });

  it("goes on over blank lines and comments, and ends before a heading of one word", () => {
    const sample = "import { a } from 'a';\n\n// twice\nfor (const b of a) {\n  b();\n\n  b();\n}\n// done";
    expect(codeOf(`Loops\n\n${sample}\n\nLicense\n\nFree.`)).toEqual([sample]);
  });

  it("may begin with a yield* that stands outside of a function, or with an await", () => {
    const samples = [
      "yield *\n  count(a);",
      "const a =\n  yield *\n  count();",
      "for await (const a of b) {\n  a();\n}",
    ];
    expect(codeOf(samples.join("\nOr so:\n"))).toEqual(samples);
  });

  it("keeps its indentation", () => {
    expect(codeOf("• A method\n\n  a.count();\n    a.b = 1;\n")).toEqual(["  a.count();"]);
  });

  it("is divided by prose and by commands", () => {
    expect(codeOf("const a = 1;\nand\nconst a = 2;\nnpm i counter\nconst a = 3;")).toEqual([
      "const a = 1;",
      "const a = 2;",
      "npm i counter",
      "const a = 3;",
    ]);
  });

  it.each([
    "Session.count(a) counts what a holds.",
    "for each of them there is one;",
    "if it fits; else not }",
    "count(a)   → 3 of them\nreport(found)",
    "| count(a); | counts |",
    "License",
  ])("is not seen in prose: %s", (text) => {
    expect(codeOf(text)).toEqual([]);
  });
});

describe("commands", () => {
  it("are found in prose, up to what they name", () => {
    expect(
      codeOf("Count with npx counter.run or, from source, npx tsx src/main.ts \\\n--by 2\nToolnpm i @a/b @a/c-d"),
    ).toEqual(["npx counter.run or", "npx tsx src/main.ts", "npm i @a/b @a/c-d"]);
  });

  it("are not looked for in code", () => {
    expect(codeOf('count("npm i counter");')).toEqual(['count("npm i counter");']);
  });
});

describe("the key", () => {
  const [sample] = extractSamples("text-1.0.md", "const a = 1;");

  it("names the text and the code, not the place", () => {
    expect(sample!.key).toMatch(/^text-1\.0-[0-9a-f]{8}$/);
    expect(extractSamples("text-1.0.md", "First:\n\nconst a = 1;\n")[0]!.key).toBe(sample!.key);
  });

  it("changes with the code", () => {
    expect(extractSamples("text-1.0.md", "const a = 2;")[0]!.key).not.toBe(sample!.key);
  });
});

it("a line that ends as code does and that no sample took is reported", () => {
  const text = "const a = 1;\nelse {\n→ count(a);\nThat is all.";
  expect(missedLines(text, extractSamples("text.md", text))).toEqual(["else {", "→ count(a);"]);
});
