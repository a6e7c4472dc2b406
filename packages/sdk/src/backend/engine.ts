import type { SequenceHandle, Token } from "./ids.ts";

/** How tokens are drawn from a row of logits. Every field acts, or is refused with `INVALID_ARGUMENT`. */
export interface SamplingParams {
  /** Divides the logits. 0 (the default) is greedy: the token with the highest logit, ties to the lowest id. */
  temperature?: number;
  /** Keep the k most likely tokens. 0 (the default) keeps all. */
  topK?: number;
  /** Keep the smallest set of most likely tokens whose probability reaches p, in (0, 1]. Default 1: all. */
  topP?: number;
  /** Drop tokens less likely than minP x the most likely one, in [0, 1]. Default 0: none. */
  minP?: number;
  /** Seed of the sequence's own counter-based generator, an integer in [0, 2^32). Default 0. */
  seed?: number;
}

/** A token as the sampler chose it. Nothing has been written yet: `commit` does that. */
export interface Produced {
  token: Token;
  /** The UTF-8 text that this token completes; bytes of an unfinished code point wait for the next commit. */
  text: string;
  /** True for end-of-generation tokens. A stop token is not meant to be committed. */
  isStop: boolean;
}

export interface PrefillEntry {
  sequence: SequenceHandle;
  /** Token ids, shape [n], n >= 1. */
  tokens: readonly Token[];
}

export interface CommitEntry {
  sequence: SequenceHandle;
  token: Token;
}

/** What an engine can do and how big it is. Callers ask these, never an engine's name. */
export interface Capabilities {
  /** KV cells, as the backend really allocated them (llama.cpp rounds up). */
  nCtx: number;
  /** Most rows of one prefill batch. */
  nBatch: number;
  /** Most rows of one commit batch; a batch of this size succeeds or fails as a whole. */
  nUbatch: number;
  /** Most sequences alive at once. */
  nSeqMax: number;
  nVocab: number;
  /** Where a fork may start: anywhere in its parent's history, or at its head only. */
  canForkAt: "any" | "head";
  /** Whether `row()` gives raw logits. */
  logits: boolean;
  /** What computes, in words for people: `cpu`, `cuda`, `simulated`. */
  backend: string;
  nThreads: number;
}

/**
 * The first port: sequences over one KV cache.
 *
 * The tree is logical at once and physical later. `open`, `fork` and `close` are synchronous, never wait, and
 * queue their cell operations in order before the engine's next batch. One batch is in flight at a time; calls
 * made meanwhile queue up behind it.
 *
 * Every batch is all or nothing: when a promise rejects, every sequence named in the call has the position,
 * row, sampler and grammar that it had before, and the call may be repeated.
 */
export interface Engine {
  readonly capabilities: Capabilities;

  /** Leases an empty sequence. Throws SequencesExhaustedError, InvalidArgumentError, GrammarInvalidError. */
  open(sampling?: SamplingParams, grammar?: string): SequenceHandle;

  /**
   * A child that shares every cell of `parent` and copies its row, sampler and grammar.
   * Throws SequencesExhaustedError; BranchInFlightError when `parent` is in the batch that decodes now.
   */
  fork(parent: SequenceHandle): SequenceHandle;

  /**
   * Gives the lease back at once, also while a batch decodes the sequence: its cells go when that batch has landed,
   * before anything that the next owner of the lease asks for. Closing twice is a no-op.
   */
  close(sequence: SequenceHandle): void;

  /**
   * Appends known tokens, packed into batches of at most `nBatch` rows, first fit, long ones split. Keeps the
   * row of each entry's last token. The tokens pass neither the sampler nor the grammar.
   * Rejects with KvExhaustedError or DecodeFailedError. Cost: ceil(tokens / nBatch) decodes or a few more.
   */
  prefill(entries: readonly PrefillEntry[]): Promise<void>;

  /**
   * Accepts one token per sequence (sampler, grammar, UTF-8 state) and decodes them all in one batch.
   * Rejects with KvExhaustedError, DecodeFailedError, or GrammarRejectedError when a grammar forbids a token.
   */
  commit(entries: readonly CommitEntry[]): Promise<void>;

  /**
   * `commit` and then `produce` for every entry, in one call, `maxTicks` times over (default 1: one tick).
   * A sequence leaves the run when it produces a stop token or `until` holds for its text. Resolves to what
   * each entry produced, in the order of `entries`; all but the last token of each are committed. A sequence that
   * was closed meanwhile has produced nothing.
   * A remote engine serves many ticks per call; a local one is asked for one.
   */
  run(entries: readonly CommitEntry[], options?: RunOptions): Promise<Produced[][]>;

  /**
   * The next token, without advancing. Idempotent: a memo of (row, sampler, grammar, seed, commits), voided by
   * any change of these. Throws BranchInFlightError and NoLogitsError.
   */
  produce(sequence: SequenceHandle): Produced;

  /** GBNF that constrains what follows, from its root rule, or undefined to remove it. */
  setGrammar(sequence: SequenceHandle, grammar: string | undefined): void;

  setSampling(sequence: SequenceHandle, sampling: SamplingParams): void;

  /** A copy of the raw logits after the last token, shape [nVocab]. Throws NoLogitsError. */
  row(sequence: SequenceHandle): Float32Array;

  /**
   * The engine's own count of the distinct cells that it holds, taken from the cache itself after everything
   * queued has run. Meant to be compared with the ledger; never the source of it.
   */
  countCells(): Promise<number>;

  /** Waits for the batch in flight, then frees everything. Idempotent. */
  dispose(): Promise<void>;
}

export interface RunOptions {
  maxTicks?: number;
  until?: (entry: number, text: string) => boolean;
}
