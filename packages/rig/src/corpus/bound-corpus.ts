import { PassageBook } from "../evidence/passage-book.ts";
import { type Chunk, type Chunks, chunkCorpus } from "./chunk-resources.ts";
import type { Corpus } from "./corpus.ts";
import { type Resources, readResources } from "./load-resources.ts";
import { SearchIndex } from "./search-index.ts";

/** A corpus that was read, cut and indexed: what the tools work on. */
export interface BoundCorpus {
  readonly corpus: Corpus;
  readonly chunks: readonly Chunk[];
  readonly index: SearchIndex;
  readonly book: PassageBook;
}

/** @throws InvalidArgumentError when the folder holds no readable text. Cost: reads and indexes everything. */
export function bindCorpus(resources: Resources, chunks: Chunks): BoundCorpus {
  const corpus = readResources(resources);
  const windows = chunkCorpus(corpus, chunks.options);
  return { corpus, chunks: windows, index: new SearchIndex(windows), book: new PassageBook() };
}
