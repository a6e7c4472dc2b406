import { run } from "effection";
import { describe, expect, it } from "vitest";
import { PassageBook } from "../evidence/passage-book.ts";
import { chunkFile } from "./chunk-resources.ts";
import { resourceFile } from "./corpus.ts";
import { headingText } from "./heading-text.ts";
import { SearchIndex } from "./search-index.ts";
import { corpusOf } from "./testing/corpus-of.ts";
import { GrepTool } from "./tools/grep.ts";

const half = /\p{Surrogate}/u;

// Half of a surrogate pair reaches a model as U+FFFD, which stands nowhere in the file.
describe("what is cut to a length", () => {
  it.each([
    ["without markup", "# "],
    ["with markup", "# *a* "],
  ])("is whole characters, in a heading %s", (_, prefix) => {
    for (const shift of ["", "x"]) {
      const heading = headingText(prefix + shift + "😀".repeat(300));
      expect(heading.length).toBeGreaterThan(190);
      expect(heading).not.toMatch(half);
    }
  });

  it("is whole characters, in the head of a table", () => {
    for (const shift of ["", "x"]) {
      const table = `| ${shift}${"😀".repeat(200)} |\n|---|\n${"| a row of the table |\n".repeat(90)}`;
      const contexts = chunkFile(resourceFile("t.md", table)).flatMap(({ context }) => context ?? []);
      expect(contexts.length).toBeGreaterThan(0);
      for (const context of contexts) expect(context).not.toMatch(half);
    }
  });

  it("is whole characters, in a list of matches", async () => {
    for (const shift of ["", "x"]) {
      const corpus = corpusOf({ "t.csv": `kiln${shift}${"😀".repeat(100)}` });
      const tool = new GrepTool({ corpus, chunks: [], index: new SearchIndex([]), book: new PassageBook() });
      const result = await run(() => tool.execute({ pattern: "kiln" }));
      expect(result).toContain("😀");
      expect(result).not.toMatch(half);
    }
  });
});
