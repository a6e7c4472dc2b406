import type { Chunk } from "./chunk-resources.ts";
import { isNearDuplicate } from "./near-duplicate.ts";
import { terms, termsOfWord, words } from "./terms.ts";

/**
 * How BM25 weighs. Measured over the documentation of llama.cpp: every value near these finds the same windows, so they
 * are the customary ones, with the heading counted twice.
 */
export interface SearchOptions {
  /** How soon a repeated term stops to count. */
  readonly k1: number;
  /** How much its length is held against a window: 0 not at all, 1 fully. */
  readonly b: number;
  /** How often a term in the heading counts. */
  readonly headingWeight: number;
}

export const defaultSearchOptions: SearchOptions = { k1: 1.2, b: 0.75, headingWeight: 2 };

export interface Hit {
  readonly chunk: Chunk;
  /** BM25, comparable within one query only. */
  readonly score: number;
}

interface Posting {
  readonly window: number;
  readonly frequency: number;
}

// Bounds the search for duplicates: of a corpus that repeats one page without end, fewer hits come back.
const examinedPerHit = 20;

/**
 * BM25 over stems of heading, context and text of windows (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework", 2009). The heading enters as a weighted part of the window's own term counts, the simple form of BM25F.
 *
 * @example
 * const index = new SearchIndex(chunkCorpus(corpus));
 * const [best] = index.search("unified memory", 3);
 */
export class SearchIndex {
  readonly #chunks: readonly Chunk[];
  readonly #options: SearchOptions;
  readonly #postings = new Map<string, Posting[]>();
  readonly #lengths: Float64Array;
  readonly #averageLength: number;

  constructor(chunks: readonly Chunk[], options: Partial<SearchOptions> = {}) {
    this.#chunks = chunks;
    this.#options = { ...defaultSearchOptions, ...options };
    this.#lengths = Float64Array.from(chunks, (chunk, window) => this.#add(chunk, window));
    this.#averageLength = this.#lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, chunks.length);
  }

  /**
   * The best windows for a query, best first; of windows with almost the same words only the best.
   * Equal scores stand in the order of the corpus, so the result is the same on every machine.
   */
  search(query: string, limit: number): Hit[] {
    const hits: Hit[] = [];
    for (const [window, score] of this.#ranked(query).slice(0, limit * examinedPerHit)) {
      if (hits.length >= limit) break;
      const chunk = this.#chunks[window]!;
      if (!hits.some((hit) => isNearDuplicate(hit.chunk, chunk))) hits.push({ chunk, score });
    }
    return hits;
  }

  /** The relevance of one window to a query, as `search` ranks it; 0 when they share no term. O(windows). */
  score(query: string, chunk: Chunk): number {
    return this.#ranked(query).find(([window]) => this.#chunks[window] === chunk)?.[1] ?? 0;
  }

  /** How rare a term is among the windows, in nats. `term` is an index term as {@link terms} gives it. */
  idf(term: string): number {
    const count = this.#postings.get(term)?.length ?? 0;
    return Math.log(1 + (this.#chunks.length - count + 0.5) / (count + 0.5));
  }

  /**
   * How much of a query a text speaks of: the share of the query's idf whose terms stand in the text, 0 to 1. A word that
   * no window knows weighs most, so a question about something that the corpus does not hold stays low everywhere.
   */
  coverage(query: string, text: string): number {
    const present = new Set(terms(text));
    let whole = 0;
    let covered = 0;
    for (const word of new Set(words(query).map((found) => termsOfWord(found).join(" ")))) {
      if (word === "") continue;
      const [name, ...parts] = word.split(" ") as [string, ...string[]];
      // An identifier weighs as its rarest part; counted with all of its parts it would drown the rest of the question.
      const carriers = parts.length > 0 ? parts : [name];
      const weight = Math.max(...carriers.map((term) => this.idf(term)));
      whole += weight;
      covered += weight * (present.has(name) ? 1 : this.#shareOf(carriers, present));
    }
    return whole === 0 ? 0 : covered / whole;
  }

  #shareOf(carriers: readonly string[], present: ReadonlySet<string>): number {
    const weights = carriers.map((term) => this.idf(term));
    const found = weights.filter((_, at) => present.has(carriers[at]!));
    return found.reduce((sum, idf) => sum + idf, 0) / weights.reduce((sum, idf) => sum + idf, 0);
  }

  #ranked(query: string): [window: number, score: number][] {
    const { k1, b } = this.#options;
    const scores = new Map<number, number>();
    for (const term of new Set(terms(query))) {
      const idf = this.idf(term);
      for (const { window, frequency } of this.#postings.get(term) ?? []) {
        const length = this.#lengths[window]! / this.#averageLength;
        const gain = (frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * length));
        scores.set(window, (scores.get(window) ?? 0) + idf * gain);
      }
    }
    return [...scores].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  }

  /** Enters a window and returns its length in weighted terms. */
  #add(chunk: Chunk, window: number): number {
    const frequencies = new Map<string, number>();
    const count = (text: string, weight: number) => {
      for (const term of terms(text)) frequencies.set(term, (frequencies.get(term) ?? 0) + weight);
    };
    count(chunk.text, 1);
    count(chunk.context ?? "", 1);
    if (this.#options.headingWeight > 0) count(chunk.heading, this.#options.headingWeight);
    let length = 0;
    for (const [term, frequency] of frequencies) {
      length += frequency;
      const postings = this.#postings.get(term);
      if (postings) postings.push({ window, frequency });
      else this.#postings.set(term, [{ window, frequency }]);
    }
    return length;
  }
}
