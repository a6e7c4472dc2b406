import type { Token } from "../backend/ids.ts";
import { Listeners } from "../listeners.ts";
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

type CommitRecord = Extract<BatchRecord, { type: "commit" }>;

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
  readonly steps?: readonly Step[] | undefined;
}

const oneToken: Step = { tokens: 1, rejected: 0 };

/** What was written, in figures and to observers. */
export class BatchLog {
  readonly #trie = new PrefixTrie();
  readonly #observers = new Listeners<BatchRecord>("batches");
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

  /** Whether anybody wants to hear. */
  get isObserved(): boolean {
    return !this.#observers.isEmpty;
  }

  /** Calls `observer` after each batch that succeeded. Returns the function that stops it. */
  observe(observer: (record: BatchRecord) => void): () => void {
    return this.#observers.add(observer);
  }

  /** @param ms - of the engine's call */
  prefilled(batch: readonly Landed[], ms: number): void {
    const entries = batch.map(({ node, position, tokens }) => {
      node.path = this.#trie.prefill(node.path, tokens);
      this.#prefillTokens += tokens.length;
      return { branch: node.id, position, tokens: tokens.length };
    });
    this.#observers.tell({ type: "prefill", entries, ms });
  }

  /** One tick after the other: each decodes the next tokens of every branch that has some left. */
  committed(batch: readonly Landed[], ms: number): void {
    let ticks = 0;
    for (const { tokens, steps } of batch) ticks = Math.max(ticks, (steps ?? tokens).length);
    const landed = batch.map(() => 0);
    for (let tick = 0; tick < ticks; tick++) {
      const entries: CommitRecord["entries"] = [];
      let rejected = 0;
      for (let i = 0; i < batch.length; i++) {
        const { node, position, tokens, steps } = batch[i] as Landed;
        const step = steps ? steps[tick] : tick < tokens.length ? oneToken : undefined;
        if (!step) continue;
        const from = landed[i] as number;
        landed[i] = from + step.tokens;
        for (let at = from; at < from + step.tokens; at++) {
          const token = tokens[at] as Token;
          node.path = this.#trie.commit(node.path, token);
          if (this.isObserved) entries.push({ branch: node.id, position: position + at, token });
        }
        this.#decodedTokens += step.tokens;
        this.#accepted += step.tokens - 1;
        this.#drafted += step.tokens - 1 + step.rejected;
        rejected += step.rejected;
      }
      this.#ticks += 1;
      if (this.isObserved)
        this.#observers.tell({ type: "commit", entries, ...(rejected > 0 && { rejected }), ms: ms / ticks });
    }
  }

  /** The path of tokens that came from a saved state: nobody prefilled them, and to do so now would be avoidable. */
  restored(path: PathHash, tokens: readonly Token[]): PathHash {
    return tokens.reduce((here, token) => this.#trie.commit(here, token), path);
  }
}
