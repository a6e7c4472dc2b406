import { expect, it } from "vitest";
import { chunkCorpus } from "../corpus/chunk-resources.ts";
import { corpusOf } from "../corpus/testing/corpus-of.ts";
import { PassageBook, renderPassages } from "./passage-book.ts";

const [first, second] = chunkCorpus(corpusOf({ "a.md": "# A\n\nOne.\n\n# B\n\nTwo.\n" }));

it("gives a window one id, whoever is shown it", () => {
  const book = new PassageBook();
  expect(book.passageOf(second!).id).toBe("p1");
  expect(book.passageOf(first!).id).toBe("p2");
  expect(book.passageOf(second!)).toBe(book.passageOf(second!));
});

it("counts a passage as seen only where it stands whole in what was prefilled", () => {
  const book = new PassageBook();
  const shown = renderPassages([book.passageOf(first!), book.passageOf(second!)]);
  book.settle("a1", shown.slice(0, -3));
  expect(book.seenBy("a1").map(({ id }) => id)).toEqual(["p1"]);
  expect(book.seenBy("a2")).toEqual([]);
  book.settle("a2", shown);
  expect(book.citable.map(({ id }) => id)).toEqual(["p1", "p2"]);
});
