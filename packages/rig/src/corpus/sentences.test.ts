import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkFile } from "./chunk-resources.ts";
import { resourceFile } from "./corpus.ts";
import { sentences } from "./sentences.ts";
import { arbitraryMarkdown } from "./testing/arbitrary-markdown.ts";

function sentencesOf(text: string, path = "a.md") {
  return chunkFile(resourceFile(path, text)).flatMap(sentences);
}

test("a soft-wrapped sentence keeps its line break and both lines", () => {
  expect(sentencesOf("# T\n\nOne sentence that\nis wrapped. Another.\n")).toEqual([
    { text: "One sentence that\nis wrapped.", startLine: 3, endLine: 4 },
    { text: "Another.", startLine: 4, endLine: 4 },
  ]);
});

test("a table row is one sentence; its head and its rule are none", () => {
  const found = sentencesOf("| Change | Part |\n|---|---|\n| Breaking. Very. | `MAJOR` |\n| Fix | `PATCH` |\n");
  expect(found.map(({ text }) => text)).toEqual(["| Breaking. Very. | `MAJOR` |", "| Fix | `PATCH` |"]);
});

test("each line of code is a sentence; fences are none", () => {
  const found = sentencesOf("Run. It:\n\n```sh\n# build. All\n  make -j\n```\n\n    indented code. Two\n");
  expect(found.map(({ text }) => text)).toEqual(["Run.", "It:", "# build. All", "make -j", "indented code. Two"]);
});

test("code inside a list item is cut by lines too", () => {
  const found = sentencesOf("- Linux. First:\n  ```sh\n  make. All\n  ```\n  Then go. On\n");
  expect(found.map(({ text }) => text)).toEqual(["Linux.", "First:", "make. All", "Then go.", "On"]);
});

test("the mark of a coloured box is no sentence", () => {
  expect(sentencesOf("> [!NOTE]\n>\n> Read this.\n").map(({ text }) => text)).toEqual(["Read this."]);
});

test("every sentence stands verbatim in its lines and holds a letter or digit", () => {
  fc.assert(
    fc.property(arbitraryMarkdown, fc.constantFrom("a.md", "a.txt", "a.json"), (text, path) => {
      const file = resourceFile(path, text);
      for (const chunk of chunkFile(file)) {
        for (const { text: found, startLine, endLine } of sentences(chunk)) {
          expect(file.lines.slice(startLine - 1, endLine).join("\n")).toContain(found);
          expect(found.split("\n")).toHaveLength(endLine - startLine + 1);
          expect(chunk.text).toContain(found);
          expect(found).toMatch(/[\p{L}\p{N}]/u);
        }
      }
    }),
    { numRuns: 300 },
  );
});
