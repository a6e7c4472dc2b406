// An engine without a model. Its cells are exact, and its logits are a hash of the whole token path: one wrong
// row, position or shared cell changes every token after it. Scripts may prefer a token, but only a legal one.
import type {
  Capabilities,
  CommitEntry,
  Engine,
  PrefillEntry,
  Produced,
  RunOptions,
  SamplingParams,
} from "../backend/engine.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import {
  BranchDisposedError,
  BranchInFlightError,
  ContextDisposedError,
  DecodeFailedError,
  GrammarRejectedError,
  InvalidArgumentError,
  KvExhaustedError,
  NoLogitsError,
  SequencesExhaustedError,
} from "../errors.ts";
import { checkGrammarLimits } from "../grammar/limits.ts";
import { compileGbnf, type GbnfAcceptor, type GbnfState } from "./gbnf-acceptor.ts";
import { checkSampling, sampleRow } from "./simulated-sampler.ts";

/** Chooses the next token of a path, or leaves it to the hash. Ignored where the grammar forbids the choice. */
export type SimulatedScript = (path: readonly Token[]) => Token | undefined;

export interface SimulatedEngineOptions {
  nCtx?: number;
  nBatch?: number;
  nUbatch?: number;
  nSeqMax?: number;
  script?: SimulatedScript;
  /** Called before each batch; a returned fault makes the batch fail after the named number of rows. */
  fault?: (batch: { index: number; kind: "prefill" | "commit"; rows: number }) => "no-space" | "compute" | undefined;
  /** Awaited before each batch completes; the default is one turn of the event loop. */
  latency?: () => Promise<void>;
}

interface Cell {
  token: Token;
}

interface Sequence {
  handle: SequenceHandle;
  cells: Cell[];
  row: Float32Array | undefined;
  sampling: SamplingParams;
  commits: number;
  grammar: { acceptor: GbnfAcceptor; state: GbnfState } | undefined;
  pendingBytes: number[];
  memo: Produced | undefined;
  inFlight: boolean;
}

export class SimulatedEngine implements Engine {
  readonly capabilities: Capabilities;
  readonly #vocabulary: Vocabulary;
  readonly #options: SimulatedEngineOptions;
  #sequences = new Map<SequenceHandle, Sequence>();
  // Closed, but its cells are still in the cache: removed before the next batch, as a real engine does.
  #zombies = new Set<Sequence>();
  #nextHandle = 1;
  #queue: Promise<unknown> = Promise.resolve();
  #batches = 0;
  #disposed = false;

  constructor(vocabulary: Vocabulary, options: SimulatedEngineOptions = {}) {
    this.#vocabulary = vocabulary;
    this.#options = options;
    const nUbatch = options.nUbatch ?? 64;
    this.capabilities = {
      nCtx: options.nCtx ?? 4096,
      nBatch: options.nBatch ?? 64,
      nUbatch,
      nSeqMax: options.nSeqMax ?? 16,
      nVocab: vocabulary.size,
      canForkAt: "any",
      logits: true,
      backend: "simulated",
      nThreads: 1,
    };
  }

  open(sampling: SamplingParams = {}, grammar?: string): SequenceHandle {
    this.#requireOpen("open");
    checkSampling(sampling);
    const compiled = this.#compile(grammar);
    return this.#lease({
      cells: [],
      row: undefined,
      sampling: { ...sampling },
      commits: 0,
      grammar: compiled,
      pendingBytes: [],
    }).handle;
  }

  fork(parent: SequenceHandle): SequenceHandle {
    const from = this.#idle(parent, "fork");
    return this.#lease({ ...from, cells: [...from.cells], pendingBytes: [...from.pendingBytes] }).handle;
  }

  close(handle: SequenceHandle): void {
    const sequence = this.#sequences.get(handle);
    if (!sequence) return;
    this.#sequences.delete(handle);
    this.#zombies.add(sequence);
  }

  prefill(entries: readonly PrefillEntry[]): Promise<void> {
    const jobs = entries.map(({ sequence, tokens }) => ({ sequence: this.#idle(sequence, "prefill"), tokens }));
    for (const { tokens } of jobs) this.#requireTokens(tokens);
    return this.#batch("prefill", jobs, (job) => {
      const { sequence, tokens } = job;
      sequence.cells = [...sequence.cells, ...tokens.map((token) => ({ token }))];
      sequence.pendingBytes = [];
    }).then(() => {});
  }

  async commit(entries: readonly CommitEntry[]): Promise<void> {
    await this.#commit(entries);
  }

  async run(entries: readonly CommitEntry[], options: RunOptions = {}): Promise<Produced[][]> {
    const results: Produced[][] = entries.map(() => []);
    const texts = entries.map(() => "");
    let active = entries.map((entry, index) => ({ ...entry, index }));
    for (let tick = 0; tick < (options.maxTicks ?? 1) && active.length > 0; tick++) {
      await this.#commit(active);
      const next: typeof active = [];
      for (const entry of active) {
        if (!this.#sequences.has(entry.sequence)) continue;
        const produced = this.produce(entry.sequence);
        results[entry.index]?.push(produced);
        texts[entry.index] += produced.text;
        const done = produced.isStop || options.until?.(entry.index, texts[entry.index] as string);
        if (!done) next.push({ ...entry, token: produced.token });
      }
      active = next;
    }
    return results;
  }

  produce(handle: SequenceHandle): Produced {
    const sequence = this.#idle(handle, "produce");
    sequence.memo ??= this.#sample(sequence);
    return sequence.memo;
  }

  setGrammar(handle: SequenceHandle, grammar: string | undefined): void {
    const sequence = this.#idle(handle, "setGrammar");
    sequence.grammar = this.#compile(grammar);
    sequence.memo = undefined;
  }

  setSampling(handle: SequenceHandle, sampling: SamplingParams): void {
    const sequence = this.#idle(handle, "setSampling");
    checkSampling(sampling);
    sequence.sampling = { ...sampling };
    sequence.memo = undefined;
  }

  row(handle: SequenceHandle): Float32Array {
    const sequence = this.#idle(handle, "row");
    if (!sequence.row) throw new NoLogitsError({ branch: handle });
    return sequence.row.slice();
  }

  countCells(): Promise<number> {
    return this.#enqueue(async () => {
      this.#zombies.clear();
      const distinct = new Set<Cell>();
      for (const sequence of this.#sequences.values()) for (const cell of sequence.cells) distinct.add(cell);
      return distinct.size;
    });
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue;
    this.#sequences.clear();
    this.#zombies.clear();
  }

  #commit(entries: readonly CommitEntry[]): Promise<void> {
    const jobs = entries.map(({ sequence, token }) => ({ sequence: this.#idle(sequence, "commit"), tokens: [token] }));
    for (const { sequence, tokens } of jobs) {
      this.#requireTokens(tokens);
      if (!sequence.row) throw new NoLogitsError({ branch: sequence.handle });
      if (!this.#allows(sequence, tokens[0] as Token)) throw new GrammarRejectedError({ token: tokens[0] as Token });
    }
    return this.#batch("commit", jobs, ({ sequence, tokens }) => {
      const token = tokens[0] as Token;
      const bytes = this.#vocabulary.bytes(token, true);
      const state = sequence.grammar?.acceptor.advanceBytes(sequence.grammar.state, bytes);
      if (sequence.grammar && state && !this.#vocabulary.isStop(token))
        sequence.grammar = { ...sequence.grammar, state };
      sequence.pendingBytes = completeText([...sequence.pendingBytes, ...bytes]).rest;
      sequence.cells = [...sequence.cells, { token }];
      sequence.commits += 1;
    });
  }

  /** One call of the port: all rows or none, strictly after everything queued before it. */
  #batch<J extends { sequence: Sequence; tokens: readonly Token[] }>(
    kind: "prefill" | "commit",
    jobs: readonly J[],
    apply: (job: J) => void,
  ): Promise<void> {
    this.#requireOpen(kind);
    if (new Set(jobs.map((job) => job.sequence)).size < jobs.length) {
      throw new InvalidArgumentError("one sequence appears twice in a batch.");
    }
    for (const { sequence } of jobs) sequence.inFlight = true;
    return this.#enqueue(async () => {
      try {
        this.#zombies.clear();
        const rows = jobs.reduce((sum, job) => sum + job.tokens.length, 0);
        const fault = this.#options.fault?.({ index: this.#batches++, kind, rows });
        await (this.#options.latency?.() ?? new Promise<void>((resolve) => setImmediate(resolve)));
        const distinct = new Set<Cell>();
        for (const { cells } of this.#sequences.values()) for (const cell of cells) distinct.add(cell);
        const available = this.capabilities.nCtx - distinct.size;
        if (fault === "no-space" || rows > available) {
          throw new KvExhaustedError({ needed: rows, available: fault ? 0 : available, doing: kind });
        }
        if (fault === "compute") throw new DecodeFailedError({ status: -3, rows, doing: kind });
        for (const job of jobs) {
          apply(job);
          job.sequence.memo = undefined;
          job.sequence.row = this.#hashRow(job.sequence.cells);
        }
      } finally {
        for (const { sequence } of jobs) sequence.inFlight = false;
      }
    });
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  #sample(sequence: Sequence): Produced {
    if (!sequence.row) throw new NoLogitsError({ branch: sequence.handle });
    const uniform = hashToUnit([sequence.sampling.seed ?? 0, sequence.commits, sequence.cells.length]);
    const wanted = this.#options.script?.(sequence.cells.map((cell) => cell.token));
    const token =
      wanted !== undefined && this.#allows(sequence, wanted)
        ? wanted
        : sampleRow(sequence.row, (candidate) => this.#allows(sequence, candidate), sequence.sampling, uniform);
    if (token === undefined) throw new InvalidArgumentError("the grammar allows no token here.");
    const isStop = this.#vocabulary.isStop(token);
    const text = isStop ? "" : completeText([...sequence.pendingBytes, ...this.#vocabulary.bytes(token, true)]).text;
    return { token, text, isStop };
  }

  #allows(sequence: Sequence, token: Token): boolean {
    if (!sequence.grammar) return true;
    const { acceptor, state } = sequence.grammar;
    if (this.#vocabulary.isStop(token)) return acceptor.canEnd(state);
    return acceptor.advanceBytes(state, this.#vocabulary.bytes(token, true)) !== undefined;
  }

  #compile(grammar: string | undefined): Sequence["grammar"] {
    if (grammar === undefined) return undefined;
    checkGrammarLimits(grammar);
    const acceptor = compileGbnf(grammar);
    return { acceptor, state: acceptor.start() };
  }

  #hashRow(cells: readonly Cell[]): Float32Array {
    let path = 0x811c9dc5;
    for (const { token } of cells) path = mix(path ^ Math.imul(token + 1, 0x9e3779b1));
    const row = new Float32Array(this.capabilities.nVocab);
    for (let token = 0; token < row.length; token++)
      row[token] = (mix(path ^ Math.imul(token, 0x85ebca6b)) >>> 8) / 2 ** 21;
    return row;
  }

  #lease(state: Omit<Sequence, "handle" | "memo" | "inFlight">): Sequence {
    const { nSeqMax } = this.capabilities;
    if (this.#sequences.size >= nSeqMax) throw new SequencesExhaustedError({ nSeqMax });
    const sequence: Sequence = { ...state, handle: this.#nextHandle++, memo: undefined, inFlight: false };
    this.#sequences.set(sequence.handle, sequence);
    return sequence;
  }

  #idle(handle: SequenceHandle, doing: string): Sequence {
    this.#requireOpen(doing);
    const sequence = this.#sequences.get(handle);
    if (!sequence) throw new BranchDisposedError({ branch: handle, doing });
    if (sequence.inFlight) throw new BranchInFlightError({ branch: handle, doing });
    return sequence;
  }

  #requireOpen(doing: string): void {
    if (this.#disposed) throw new ContextDisposedError({ doing });
  }

  #requireTokens(tokens: readonly Token[]): void {
    if (tokens.length === 0) throw new InvalidArgumentError("a batch entry has no tokens.");
    for (const token of tokens) {
      if (!Number.isInteger(token) || token < 0 || token >= this.#vocabulary.size) {
        throw new InvalidArgumentError(`token ${token} is not in the vocabulary.`, {
          token,
          size: this.#vocabulary.size,
        });
      }
    }
  }
}

/** Splits bytes into the text of whole code points and the bytes of an unfinished one. */
function completeText(bytes: readonly number[]): { text: string; rest: number[] } {
  const decoder = new TextDecoder();
  const text = decoder.decode(Uint8Array.from(bytes), { stream: true });
  const used = new TextEncoder().encode(text).length;
  const rest = text.includes("\uFFFD") ? [] : bytes.slice(used);
  return { text, rest };
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

function hashToUnit(parts: readonly number[]): number {
  return (parts.reduce((hash, part) => mix(hash ^ Math.imul(part + 1, 0x9e3779b1)), 7) >>> 0) / 2 ** 32;
}
