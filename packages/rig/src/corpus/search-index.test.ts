import fc from "fast-check";
import { expect, test } from "vitest";
import { type Chunk, chunkCorpus } from "./chunk-resources.ts";
import { defaultSearchOptions, SearchIndex } from "./search-index.ts";
import { terms } from "./terms.ts";
import { corpusOf } from "./testing/corpus-of.ts";

const docs = corpusOf({
  "build.md": `# Build\n\n## Unified Memory\n\nThe variable \`GGML_CUDA_ENABLE_UNIFIED_MEMORY=1\` swaps to system RAM.

## Peer Access\n\nSet \`GGML_CUDA_P2P\` to let devices copy directly.\n`,
  "multimodal.md": "# Multimodal\n\nThe projector is offloaded. To disable this, add `--no-mmproj-offload`.\n",
  "release.md": "# Release\n\n| Change | Part |\n|---|---|\n| Breaking change to the C API | `MAJOR` |\n",
});
const index = new SearchIndex(chunkCorpus(docs));

function best(query: string): string | undefined {
  return index.search(query, 1)[0]?.chunk.text;
}

function chunk(id: string, text: string, heading = ""): Chunk {
  return { id, file: id, heading, startLine: 1, endLine: 1, text, parts: [] };
}

test("an identifier is found by its name, by its parts and by forms of them", () => {
  expect(best("GGML_CUDA_ENABLE_UNIFIED_MEMORY")).toContain("GGML_CUDA_ENABLE_UNIFIED_MEMORY");
  expect(best("enabling unified memory")).toContain("GGML_CUDA_ENABLE_UNIFIED_MEMORY");
  expect(best("mmproj offloading")).toContain("--no-mmproj-offload");
});

test("a window is found by its heading and a row by the head of its table", () => {
  expect(best("peer access")).toContain("GGML_CUDA_P2P");
  expect(best("which part changes")).toContain("MAJOR");
});

test("stop words find nothing", () => {
  expect(index.search("which of these is the", 5)).toEqual([]);
});

test("equal scores stand in the order of the corpus", () => {
  const same = new SearchIndex([chunk("a", "alpha one"), chunk("b", "alpha two"), chunk("c", "alpha three")]);
  expect(same.search("alpha", 3).map((hit) => hit.chunk.id)).toEqual(["a", "b", "c"]);
});

test("copies of a page do not fill the hits", () => {
  const text =
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon";
  const copies = Array.from({ length: 50 }, (_, n) => chunk(`copy${n}`, `${text} ${n}`));
  const flooded = new SearchIndex([
    ...copies,
    chunk(
      "other",
      "another page speaks of alpha in passing, among some twenty words about quite different things that dilute it: wind, rain, snow, hail, fog, frost, thunder, drizzle, sleet",
    ),
  ]);
  expect(flooded.search("alpha", 3).map((hit) => hit.chunk.id)).toEqual(["copy0", "other"]);
});

test("coverage is the share of the question that a text speaks of", () => {
  const text = best("unified memory")!;
  expect(index.coverage("unified memory", text)).toBe(1);
  expect(index.coverage("GGML_CUDA_ENABLE_UNIFIED_MEMORY", text)).toBe(1);
  expect(index.coverage("monthly subscription", text)).toBe(0);
  expect(index.coverage("memory subscription", text)).toBeLessThan(0.5);
  expect(index.coverage("", text)).toBe(0);
});

test("a term that no window knows is the rarest", () => {
  expect(index.idf("subscript")).toBeGreaterThan(index.idf("ggml"));
});

test("an empty corpus gives no hits", () => {
  expect(new SearchIndex([]).search("anything", 3)).toEqual([]);
});

const word = fc.constantFrom("alpha", "beta", "gamma", "delta", "snake_case", "the");
const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((found) => found.join(" "));

test("the index scores as the formula of BM25 does, window by window", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 12 }), text, (windows, query) => {
      const chunks = windows.map(([body, heading], n) => chunk(`w${n}`, body, heading));
      for (const { chunk: hit, score } of new SearchIndex(chunks).search(query, chunks.length)) {
        expect(score).toBeCloseTo(plainScore(chunks, hit, query), 9);
      }
    }),
  );
});

function plainScore(chunks: Chunk[], hit: Chunk, query: string): number {
  const { k1, b, headingWeight } = defaultSearchOptions;
  const bag = (one: Chunk) => [...terms(one.text), ...Array(headingWeight).fill(terms(one.heading)).flat()];
  const average = chunks.reduce((sum, one) => sum + bag(one).length, 0) / chunks.length;
  let score = 0;
  for (const term of new Set(terms(query))) {
    const holding = chunks.filter((one) => bag(one).includes(term)).length;
    const idf = Math.log(1 + (chunks.length - holding + 0.5) / (holding + 0.5));
    const frequency = bag(hit).filter((one) => one === term).length;
    const length = bag(hit).length / average;
    score += (idf * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * length));
  }
  return score;
}
