import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { names, pathsIn } from "./doc-paths.mjs";
import { repositoryFiles, root } from "./repository-files.mjs";

const files = repositoryFiles();
const documents = files.filter((path) => /^(?:[A-Z]+\.md|docs\/.*\.md|(?:packages|apps)\/.*README\.md)$/.test(path));
const written = ["report.md"]; // by the programs, not by us

it.each(documents)("every file that %s names is there", (document) => {
  const paths = pathsIn(readFileSync(join(root, document), "utf8"));
  expect(paths.filter((path) => !names(path, files) && !written.includes(path))).toEqual([]);
});

it("ARCHITECTURE.md is one of these documents, and names files", () => {
  expect(documents).toEqual(expect.arrayContaining(["ARCHITECTURE.md", "README.md"]));
  expect(pathsIn(readFileSync(join(root, "ARCHITECTURE.md"), "utf8")).length).toBeGreaterThan(20);
});

it("paths are told from other code", () => {
  const text = "`chat/segments.ts`, `native/test`, `store.step`, `@lloyal-labs/sdk`, `pnpm exec a/b`, `scheduler/`";
  expect(pathsIn(`${text}\n\`\`\`\n\`fenced/code.ts\`\n\`\`\`\nand \`errors.ts\``)).toEqual([
    "chat/segments.ts",
    "native/test",
    "scheduler/",
    "errors.ts",
  ]);
});

it.each([
  ["packages/sdk/src/chat/segments.ts", true],
  ["chat/segments.ts", true],
  ["segments.ts", true],
  ["chat/", true],
  ["packages/sdk", true],
  ["gments.ts", false],
  ["chat/segment", false],
  ["hat/", false],
])("%s names something: %s", (path, expected) => {
  expect(names(path, ["packages/sdk/src/chat/segments.ts"])).toBe(expected);
});

it("every word of the glossary has the file where it lives", () => {
  const entries = readFileSync(join(root, "docs/glossary.md"), "utf8").split(/^- /m).slice(1);
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.filter((entry) => pathsIn(entry).length === 0)).toEqual([]);
});
