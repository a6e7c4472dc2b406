import fc from "fast-check";
import { expect, test } from "vitest";
import { weigh } from "./blocks.ts";
import { chunkCharsMax, chunkCorpus, chunkFile, defaultChunkOptions } from "./chunk-resources.ts";
import { resourceFile } from "./corpus.ts";
import { arbitraryMarkdown } from "./testing/arbitrary-markdown.ts";
import { corpusOf } from "./testing/corpus-of.ts";

function chunksOf(text: string, path = "a.md") {
  return chunkFile(resourceFile(path, text));
}

const sentence = "These ten words make up one sentence of the text. ";

test("a window carries the path of its headings and the lines it stands on", () => {
  const [window] = chunksOf("# Build `llama.cpp`\n\n## CUDA\n\n### [Unified](x.md) Memory\n\nSet the variable.\n");
  expect(window).toMatchObject({
    id: "a.md:7-7",
    file: "a.md",
    heading: "Build llama.cpp > CUDA > Unified Memory",
    startLine: 7,
    endLine: 7,
    text: "Set the variable.",
  });
});

test("a heading ends the sections below its own level", () => {
  const windows = chunksOf("# A\n\n## B\n\nb\n\n# C\n\nc\n");
  expect(windows.map((window) => window.heading)).toEqual(["A > B", "C"]);
});

test("a fence stays with the sentence that introduces it", () => {
  const [window, ...rest] = chunksOf("To enable it:\n\n```sh\ncmake -B build\n```\n");
  expect(rest).toEqual([]);
  expect(window!.text).toBe("To enable it:\n\n```sh\ncmake -B build\n```");
});

test("a heading inside a fence is code", () => {
  const [window, ...rest] = chunksOf("# A\n\n```sh\n# comment\nmake\n```\n");
  expect(rest).toEqual([]);
  expect(window!.heading).toBe("A");
});

test("a paragraph in one long line is cut between sentences", () => {
  const windows = chunksOf(sentence.repeat(15).trim());
  expect(windows.map((window) => window.id)).toEqual(["a.md:1-1", "a.md:1-1.2", "a.md:1-1.3"]);
  for (const { text } of windows) expect(text).toMatch(/^These .* text\.$/);
});

test("table rows stay whole, and those without the head in view carry it as context", () => {
  const row = (name: string) => `| ${name} | ${sentence.repeat(5).trim()} |`;
  const [first, second] = chunksOf(`| Option | Meaning |\n|---|---|\n${row("one")}\n${row("two")}\n`);
  expect(first!.text.split("\n")).toEqual(["| Option | Meaning |", "|---|---|", row("one")]);
  expect(first!.context).toBeUndefined();
  expect(second!).toMatchObject({ text: row("two"), context: "Option | Meaning", startLine: 4 });
});

test("list items are not cut when they fit", () => {
  const items = Array.from({ length: 6 }, (_, index) => `${index + 1}. ${sentence.repeat(2)}\n   And more.`);
  for (const { text } of chunksOf(items.join("\n"))) expect(text).toMatch(/^\d\. [\s\S]*And more\.$/);
});

test("front matter and comments are not indexed", () => {
  const windows = chunksOf("---\ntitle: Secret\ntags:\n  - x\n---\nBefore.\n\n<!-- hidden -->\n\nBehind.\n");
  expect(windows.map(({ text, startLine }) => ({ text, startLine }))).toEqual([
    { text: "Before.", startLine: 6 },
    { text: "Behind.", startLine: 10 },
  ]);
});

test("a line of dashes at the top is no front matter", () => {
  expect(
    chunksOf("---\nThis is prose, not YAML.\n\n---\nMore.\n")
      .map(({ text }) => text)
      .join(),
  ).toContain("prose");
});

test("plain text is cut by paragraphs", () => {
  const windows = chunksOf(`one\ntwo\n\n${sentence.repeat(6)}\n`, "notes.txt");
  expect(windows[0]).toMatchObject({ text: "one\ntwo", startLine: 1, endLine: 2, heading: "" });
});

test("tables of data have no windows", () => {
  expect(chunkCorpus(corpusOf({ "a.csv": "x,y\n1,2\n", "b.md": "text" })).map(({ file }) => file)).toEqual(["b.md"]);
});

test("a text written to be slow is still cut", () => {
  const deep = "> ".repeat(50_000);
  const list = Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}- x`).join("\n");
  const lines = "a: b\n".repeat(100_000);
  expect(chunksOf(`${deep}text\n\n${list}\n\n${lines}`).length).toBeGreaterThan(0);
});

test("every window is a verbatim part of its lines, in order, within its size", () => {
  fc.assert(
    fc.property(arbitraryMarkdown, fc.constantFrom("a.md", "a.txt", "a.json"), (text, path) => {
      const file = resourceFile(path, text);
      const chunks = chunkFile(file);
      let line = 1;
      for (const chunk of chunks) {
        expect(file.lines.slice(chunk.startLine - 1, chunk.endLine).join("\n")).toContain(chunk.text);
        expect(chunk.startLine).toBeGreaterThanOrEqual(line);
        expect(chunk.text.split("\n")).toHaveLength(chunk.endLine - chunk.startLine + 1);
        expect(chunk.text.length).toBeLessThanOrEqual(chunkCharsMax);
        expect(chunk.text.trim()).not.toBe("");
        line = chunk.startLine;
      }
      expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(chunks.length);
    }),
    { numRuns: 300 },
  );
});

test("a window that is cut at a space ends with its line, also where that space begins the next one", () => {
  const text = `${"word ".repeat(150)}\n !\n${"x".repeat(900)}`;
  const file = resourceFile("a.txt", text);
  const chunks = chunkFile(file);
  expect(chunks.length).toBeGreaterThan(1);
  for (const { text, startLine, endLine } of chunks) {
    expect(text.split("\n")).toHaveLength(endLine - startLine + 1);
    expect(text).toBe(text.trim());
  }
});

test("no window is heavier than one whole block and the head of its table", () => {
  fc.assert(
    fc.property(arbitraryMarkdown, (text) => {
      const { target, wholeMax } = defaultChunkOptions;
      for (const chunk of chunksOf(text)) expect(weigh(chunk.text)).toBeLessThanOrEqual(target + 2 * wholeMax);
    }),
  );
});

test("nothing of a plain file is lost but white space", () => {
  fc.assert(
    fc.property(arbitraryMarkdown, (text) => {
      const kept = chunksOf(text, "a.json").map((chunk) => chunk.text);
      expect(kept.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
    }),
  );
});
