import type { SequenceHandle, Token } from "./ids.ts";

/**
 * How tokens are drawn from a row of logits. Every field acts, or is refused with `INVALID_ARGUMENT`; none is ignored.
 *
 * The order is fixed: grammar, logit bias, steer, then the chain in the order of the fields below: penalties, DRY,
 * top-n-sigma, top-k, typical, top-p, min-p, XTC, temperature, draw. Probabilities are those at temperature 1 of what the
 * stage before has left. Mirostat takes the place of everything from top-n-sigma to XTC. `resolveSampling` checks the
 * ranges and fills in the defaults, for every backend.
 */
export interface SamplingParams {
  /** Divides the logit of a token in the penalty window if it is positive, multiplies it otherwise. In (0, 1e6], default 1: none. */
  repeatPenalty?: number;
  /** Subtracted once per occurrence in the window. Within -1e6 and 1e6, default 0. */
  frequencyPenalty?: number;
  /** Subtracted once for any occurrence in the window. Within -1e6 and 1e6, default 0. */
  presencePenalty?: number;
  /** Tokens of the penalty window: what was committed or accepted last, never what was prefilled. 0 to 4096, default 64. */
  penaltyLastN?: number;
  /**
   * DRY: a token that followed the last n tokens of the window before, n >= `dryAllowedLength` and as great as can be,
   * loses `dryMultiplier x dryBase^(n - dryAllowedLength)`, at most 1e9. In [0, 1e6], default 0: none.
   */
  dryMultiplier?: number;
  /** In [1, 1e6], default 1.75. */
  dryBase?: number;
  /** 1 to 4096, default 2. */
  dryAllowedLength?: number;
  /** Tokens of the DRY window: the last of what the penalty window is made of. 0 to 4096, default 1024. */
  dryLastN?: number;
  /** Tokens that no repetition holds and DRY does not touch, shape [n], n <= 64. Default: none. */
  dryBreakers?: readonly Token[];
  /** Keep tokens within n standard deviations (of all logits left) of the highest one. In [0, 1e6], default 0: all. */
  topNSigma?: number;
  /** Keep the k most likely tokens. 0 (the default) keeps all. */
  topK?: number;
  /** Keep the smallest set of tokens nearest to the entropy whose probability reaches p, in (0, 1]. Default 1: all. */
  typicalP?: number;
  /** Keep the smallest set of most likely tokens whose probability reaches p, in (0, 1]. Default 1: all. */
  topP?: number;
  /** Drop tokens less likely than minP x the most likely one, in [0, 1]. Default 0: none. */
  minP?: number;
  /** XTC: with this probability, drop all but the least likely of the tokens that reach `xtcThreshold`. Default 0: never. */
  xtcProbability?: number;
  /** In (0, 0.5]; default 0.1. */
  xtcThreshold?: number;
  /**
   * 0 (the default): off. 1 or 2: the version of Mirostat. Its bound mu begins at 2 x tau, and moves at each commit by
   * the surprise of the token under the distribution that was drawn from; a token that it excludes leaves mu alone.
   */
  mirostat?: 0 | 1 | 2;
  /** Target surprise in bits, in (0, 100]. Default 5. */
  mirostatTau?: number;
  /** Learning rate, in (0, 1]. Default 0.1. */
  mirostatEta?: number;
  /**
   * Divides the logits, 0 to 100. 0 (the default) is greedy: the token with the highest logit after biases, penalties and
   * DRY, ties to the lowest id; nothing else acts then.
   */
  temperature?: number;
  /**
   * Dynamic temperature: between `temperature - range` and `temperature + range`, by the entropy of what is left over its
   * greatest possible, to the power of `dynatempExponent`. 0 to 100, default 0: fixed.
   */
  dynatempRange?: number;
  /** In (0, 100], default 1. */
  dynatempExponent?: number;
  /** Seed of the sequence's own counter-based generator, an integer in [0, 2^32). Default 0. */
  seed?: number;
}

/** An addition to the logit of one token; -Infinity blocks it. */
export interface TokenBias {
  token: Token;
  bias: number;
}

/** What switches a lazy grammar on. Of several that fire at one token the first in the list counts. */
export type GrammarTrigger =
  /** This token was committed; the grammar constrains what follows it, and starts with it. */
  | { type: "token"; token: Token }
  /** This text has appeared; the grammar starts with it. */
  | { type: "word"; text: string }
  /** The text since the grammar was set holds a match; the grammar starts at its first group, or at the match. */
  | { type: "pattern"; source: string }
  /** The whole text since the grammar was set matches; the grammar starts at its first group, or at the match. */
  | { type: "pattern-full"; source: string };

/**
 * Mean surprisals of what was committed, as perplexities: exp of the mean, in nats. NaN before the first commit. What was
 * prefilled does not count, nor does a token committed to an empty sequence: it had no row.
 */
export interface SequenceMetrics {
  /** Under the model's own distribution. */
  perplexity: number;
  /**
   * Under the distribution that was sampled from: after grammar, biases, penalties, truncation and temperature, as they
   * stand when the token is committed. 1 for greedy choices. Infinity after a token that it excludes. Under a
   * grammar a backend may leave open what share of the tokens outside the 256 most likely ones was allowed.
   */
  samplingPerplexity: number;
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
  /** Most tokens of this entry in one batch; the engine's `nBatch` where it is absent or smaller. */
  nBatch?: number;
}

export interface CommitEntry {
  sequence: SequenceHandle;
  token: Token;
}

/** A sequence as plain values: what `Engine.save` gives and `Engine.restore` takes. */
export interface SequenceImage {
  /** Tokens up to its head. */
  readonly position: number;
  /** What comes before is not in `cells`, but in the sequence that is its parent. 0 where all is. */
  readonly from: number;
  /** The cells of positions `from` to `position`, in the backend's own form: only an engine of equal `fingerprint` reads it. */
  readonly cells: Uint8Array;
  /** Raw logits after the last token, shape [nVocab]; undefined where there are none. */
  readonly row?: Float32Array | undefined;
  readonly sampling: Required<SamplingParams>;
  readonly logitBias: readonly TokenBias[];
  readonly steer: readonly TokenBias[];
  /** Committed or accepted last, oldest first, at most 4096. */
  readonly window: readonly Token[];
  /** Mirostat's bound, in bits. */
  readonly mu: number;
  readonly commits: number;
  /** Calls of `sample` since the last commit. */
  readonly draws: number;
  /** Of a code point that the tokens have not finished, at most 3. */
  readonly pendingBytes: readonly number[];
  /** Sums over what was committed, in nats. */
  readonly surprisals: { readonly count: number; readonly model: number; readonly sampling: number };
  readonly grammar?: GrammarImage | undefined;
}

/** The way to where a grammar stands: from its start through all that it has heard. */
export interface GrammarImage {
  readonly text: string;
  /** What it waited for; none where it constrained from its start. */
  readonly triggers: readonly GrammarTrigger[];
  /** As they were when it was set. */
  readonly pendingBytes: readonly number[];
  /** Committed since; -1 stands for a prefill that cut a code point short. */
  readonly heard: readonly Token[];
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
  /**
   * Most guesses in one batch of a run, beside the tokens that it writes; together they are at most `nUbatch` rows. 0 where
   * guesses cannot be verified, since a state cannot go back over them: nobody is asked for any then.
   */
  draftRows: number;
  nVocab: number;
  /**
   * What a token takes of nCtx: a cell, or nothing where the model keeps a state of fixed size per sequence instead. Then
   * only nSeqMax limits, and `countCells` is 0.
   */
  cellsPerToken: 0 | 1;
  /** Where a fork may start: anywhere in its parent's history, or at its head only. */
  canForkAt: "any" | "head";
  /** Whether tokens can be taken off the end of a sequence. A state that went over them cannot go back. */
  canTruncate: boolean;
  /** Whether a state per sequence goes over the tokens, in place of cells or beside them. */
  recurrent: boolean;
  /** Tokens that the layers with a sliding window look back; 0 where all layers see everything. */
  swaWindow: number;
  /**
   * Whether a fork can be saved without what it shares with its parent. Where not, only roots can be saved. A model without
   * cells saves its whole state, and so can.
   */
  canSaveForks: boolean;
  /** Whether an encoder reads the text first. Engines of this port write with decoders alone so far. */
  encoder: boolean;
  /** Whether `row()` gives raw logits. */
  logits: boolean;
  /** Whether a lazy grammar's triggers may be patterns. Tokens and words may be everywhere. */
  patternTriggers: boolean;
  /**
   * Whether a prefill in several calls that end at multiples of nUbatch gives the row of one call, bit by bit, in a cache
   * that is otherwise the same, whoever is prefilled in these calls beside it.
   */
  deterministic: boolean;
  /** What computes, in words for people: `cpu`, `cuda`, `simulated`. */
  backend: string;
  /** What computes, by name: `CPU`, or the GPUs that hold layers, such as `CUDA0`. */
  devices: readonly string[];
  /** Compute threads for batches of one row. */
  nThreads: number;
  /** Compute threads for all other batches. */
  nThreadsBatch: number;
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

  /**
   * All that the cells of an image depend on: model, build, options of the context. Equal ones read each other's images.
   * A value says in words what it is.
   */
  readonly fingerprint: Readonly<Record<string, string>>;

  /** Leases an empty sequence. Throws SequencesExhaustedError, InvalidArgumentError, GrammarInvalidError. */
  open(sampling?: SamplingParams, grammar?: string): SequenceHandle;

  /**
   * A child that shares every cell of `parent` and copies its row, sampler, logit bias, grammar and metrics; not its steer.
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
   *
   * Guesses of `draft` are decoded behind the token that they may follow. Each row is drawn from as any row is, in order, for
   * as long as the guess is what is drawn: so the tokens are those of a run without guesses, given equal logits, whatever
   * was guessed; a tick only brings more of them. The cells of wrong guesses are taken until the next batch.
   */
  run(entries: readonly CommitEntry[], options?: RunOptions): Promise<Produced[][]>;

  /**
   * The next token, without advancing. Idempotent: a memo of (row, sampler, grammar, seed, commits), voided by
   * any change of these. Throws BranchInFlightError and NoLogitsError; GrammarInvalidError when the grammar allows no
   * token of the vocabulary, InvalidArgumentError when biases block all that it allows.
   */
  produce(sequence: SequenceHandle): Produced;

  /** GBNF that constrains what follows, from its root rule, or undefined to remove it. */
  setGrammar(sequence: SequenceHandle, grammar: string | undefined): void;

  /** In place of the parameters before. The penalty window stays; Mirostat begins anew. Throws InvalidArgumentError. */
  setSampling(sequence: SequenceHandle, sampling: SamplingParams): void;

  /**
   * A grammar in place of the one before that waits for one of the triggers: until then everything is allowed, except a
   * token that fires a trigger with text that the grammar refuses. Only committed text counts, structural tokens as their
   * literals. Set it again after a tool result.
   * Throws GrammarInvalidError; InvalidArgumentError for no trigger, an empty word, no token of the vocabulary, a pattern that
   * is none or that the backend cannot follow in a stream, or any where `capabilities.patternTriggers` is false.
   */
  setLazyGrammar(sequence: SequenceHandle, grammar: string, triggers: readonly GrammarTrigger[]): void;

  /**
   * In place of the biases before; a fork inherits them. Entries for one token add up. `checkBiases` does the checks.
   * Throws InvalidArgumentError: no token of the vocabulary, NaN, +Infinity.
   */
  setLogitBias(sequence: SequenceHandle, biases: readonly TokenBias[]): void;

  /** As `setLogitBias`, added after it, and not inherited by a fork. */
  setSteer(sequence: SequenceHandle, biases: readonly TokenBias[]): void;

  /** Another seed for the generator; the rest of the sampling parameters stays. */
  reseed(sequence: SequenceHandle, seed: number): void;

  /** Puts a token into the penalty window, as a commit would. It passes neither the grammar nor the model. Voids the memo. */
  accept(sequence: SequenceHandle, token: Token): void;

  /**
   * A new draw from the row, whatever `produce` has given: a further number of the generator each time, counted anew
   * after a commit and a reseed. A memo stays. Throws as `produce`.
   */
  sample(sequence: SequenceHandle): Token;

  /** Entropy of the row, in nats. Cost: none, it is taken when the row is copied. Throws NoLogitsError. */
  entropy(sequence: SequenceHandle): number;

  /** -ln p(token) under the row, in nats. Cost: none. Throws NoLogitsError, InvalidArgumentError. */
  surprisal(sequence: SequenceHandle, token: Token): number;

  metrics(sequence: SequenceHandle): SequenceMetrics;

  /** A copy of the raw logits after the last token, shape [nVocab]. Throws NoLogitsError. */
  row(sequence: SequenceHandle): Float32Array;

  /**
   * The engine's own count of the distinct cells that it holds, taken from the cache itself after everything
   * queued has run. Meant to be compared with the ledger; never the source of it.
   */
  countCells(): Promise<number>;

  /**
   * A sequence as plain values, with its cells from position `from` on; it stays as it is. After all calls before it.
   * Rejects with InvalidArgumentError, also for a `from` above 0 where `capabilities.canSaveForks` is false or tokens take
   * no cells; DecodeFailedError when there is no memory for it. Cost: a copy of the cells.
   */
  save(sequence: SequenceHandle, from: number): Promise<SequenceImage>;

  /**
   * A sequence that is what the image was taken of. Where its `from` is above 0 it shares the cells before with `parent`,
   * whose tokens up to there must be those that it had. After all calls before it.
   * Rejects with InvalidArgumentError, StateInvalidError when the backend does not take the cells,
   * SequencesExhaustedError, KvExhaustedError, GrammarInvalidError, GrammarRejectedError. All is as before then.
   * Cost: a copy of the cells, and the grammar hears again all that it has heard. The cells are copied in turn, and not at
   * once: they must stay as they are until this is done.
   */
  restore(image: SequenceImage, parent?: SequenceHandle): Promise<SequenceHandle>;

  /**
   * Moves all cells to the front of the cache. After all calls before it. Changes nothing that can be seen but the time that
   * a batch takes where attention goes over holes. Rejects with DecodeFailedError.
   * Cost: all cells in use are copied twice, and the cache is cleared.
   */
  compact(): Promise<void>;

  /** Waits for the batch in flight, then frees everything. Idempotent. */
  dispose(): Promise<void>;
}

export interface RunOptions {
  /** Most batches, at least 1, the default. */
  maxTicks?: number;
  /** Most tokens that a sequence produces, at least 1; `maxTicks` by default. Guesses that lead past it are left out. */
  maxTokens?: number;
  /** Asked after each produced token, with the text that the sequence has produced in this run. True ends it there. */
  until?: (entry: number, text: string) => boolean;
  /**
   * Asked before each batch for guesses of what follows: a list for each sequence that writes in it, in their order; together at
   * most `capabilities.draftRows`. What it throws undoes the run.
   */
  draft?: (asks: readonly DraftAsk[]) => readonly (readonly Token[])[];
}

/** What may follow the last of `produced`, or the entry's own token where it is empty? */
export interface DraftAsk {
  entry: number;
  produced: readonly Token[];
  /** Tokens of the text that the grammar forces there, as far as it does; the model may cut that text otherwise. */
  forced: readonly Token[];
}
