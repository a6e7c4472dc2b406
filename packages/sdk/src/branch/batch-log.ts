import type { Token } from "../backend/ids.ts";
import { type PathHash, PrefixTrie } from "./prefix-trie.ts";

/** One decode of a tick, or one prefill of the engine, as it ran. Positions are those of the first new token. */
export type BatchRecord =
  | { type: "prefill"; entries: { branch: number; position: number; tokens: number }[]; ms: number }
  | {
      type: "commit";
      /** A branch whose guesses were right has several, in a row. */
      entries: { branch: number; position: number; token: Token }[];
      /** Further rows of the batch: guesses that were wrong. Absent where there were none. */
      rejected?: number;
      ms: number;
    };

export interface TreeStats {
  prefillTokens: number;
  /** What a perfect prefix cache would have prefilled: see PrefixTrie. */
  idealPrefillTokens: number;
  decodedTokens: number;
  /** Commit batches: one decode each. */
  ticks: number;
  /** Guesses that were decoded, and those of them that were what came: each of these spared its branch a decode. */
  drafted: number;
  accepted: number;
  peakCells: number;
  /** Batches of several calls that failed, and whose calls were run again one by one. */
  splitBatches: number;
}

/** What one decode did for a branch: tokens that landed, and guesses that did not. */
export interface Step {
  readonly tokens: number;
  readonly rejected: number;
}

/** What landed in one branch. */
export interface Landed {
  readonly node: { readonly id: number; path: PathHash };
  /** Of the first of them. */
  readonly position: number;
  readonly tokens: readonly Token[];
  /** Decode by decode; where it is absent each brought one token. */
  readonly steps?: readonly Step[];
}

const oneToken: Step = { tokens: 1, rejected: 0 };

/** What was written, in figures and to observers. */
export class BatchLog {
  readonly #trie = new PrefixTrie();
  readonly #observers = new Set<(record: BatchRecord) => void>();
  #prefillTokens = 0;
  #decodedTokens = 0;
  #ticks = 0;
  #drafted = 0;
  #accepted = 0;

  get stats(): Omit<TreeStats, "peakCells" | "splitBatches"> {
    return {
      prefillTokens: this.#prefillTokens,
      idealPrefillTokens: this.#trie.idealPrefillTokens,
      decodedTokens: this.#decodedTokens,
      ticks: this.#ticks,
      drafted: this.#drafted,
      accepted: this.#accepted,
    };
  }

  /** Calls `observer` after each batch that succeeded. Returns the function that stops it. */
  observe(observer: (record: BatchRecord) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** @param ms - of the engine's call */
  prefilled(batch: readonly Landed[], ms: number): void {
    const entries = batch.map(({ node, position, tokens }) => {
      node.path = this.#trie.prefill(node.path, tokens);
      this.#prefillTokens += tokens.length;
      return { branch: node.id, position, tokens: tokens.length };
    });
    this.#report({ type: "prefill", entries, ms });
  }

  /** One tick after the other: each decodes the next tokens of every branch that has some left. */
  committed(batch: readonly Landed[], ms: number): void {
    const rows = batch.map((landed) => ({
      ...landed,
      steps: landed.steps ?? landed.tokens.map(() => oneToken),
      at: 0,
    }));
    const ticks = rows.reduce((most, { steps }) => Math.max(most, steps.length), 0);
    for (let tick = 0; tick < ticks; tick++) {
      let rejected = 0;
      const entries = rows.flatMap((row) => {
        const step = row.steps[tick];
        if (!step) return [];
        rejected += step.rejected;
        this.#accepted += step.tokens - 1;
        const from = row.at;
        row.at += step.tokens;
        return row.tokens.slice(from, row.at).map((token, i) => {
          row.node.path = this.#trie.commit(row.node.path, token);
          return { branch: row.node.id, position: row.position + from + i, token };
        });
      });
      this.#decodedTokens += entries.length;
      this.#drafted += entries.length - rows.filter(({ steps }) => steps[tick]).length + rejected;
      this.#ticks += 1;
      this.#report({ type: "commit", entries, ...(rejected > 0 && { rejected }), ms: ms / ticks });
    }
  }

  // What the engine has written is written: an observer that throws is dropped and cannot undo it.
  #report(record: BatchRecord): void {
    for (const observer of this.#observers) {
      try {
        observer(record);
      } catch {
        this.#observers.delete(observer);
      }
    }
  }
}
