// An engine without a model. Its cells are exact, and its logits are a hash of the whole token path: one wrong
// row, position or shared cell changes every token after it. Scripts may prefer a token, but only a legal one.

import { checkImage } from "../backend/check-image.ts";
import type {
  Capabilities,
  CommitEntry,
  Engine,
  GrammarTrigger,
  PrefillEntry,
  Produced,
  RunOptions,
  SamplingParams,
  SequenceImage,
  SequenceMetrics,
  TokenBias,
} from "../backend/engine.ts";
import { checkTriggers } from "../backend/grammar-trigger.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import { requireObjects } from "../backend/require-objects.ts";
import { type ResolvedSampling, resolveSampling } from "../backend/sampling.ts";
import { checkBiases, requireToken } from "../backend/token-bias.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import {
  BranchDisposedError,
  BranchInFlightError,
  ContextDisposedError,
  DecodeFailedError,
  InvalidArgumentError,
  KvExhaustedError,
  NoLogitsError,
  SequencesExhaustedError,
} from "../errors.ts";
import { imageOf, stateOf } from "./simulated-image.ts";
import { rowEntropy, rowSurprisal } from "./simulated-metrics.ts";
import { SimulatedQueue } from "./simulated-queue.ts";
import {
  type Cell,
  committed,
  constrained,
  drawn,
  emptySequence,
  forcedBehind,
  noBias,
  prefilled,
  produce,
  rowOf,
  type SequenceState,
  type SimulatedScript,
  sumsOf,
} from "./simulated-sequence.ts";

export type { SimulatedScript };

export interface SimulatedEngineOptions {
  nCtx?: number;
  nBatch?: number;
  nUbatch?: number;
  nSeqMax?: number;
  /** Default 16, and 0 where `recurrent`. */
  draftRows?: number;
  /** As a model that keeps a state per sequence and no cells: no prefill is too long, and `countCells` is 0. Default false. */
  recurrent?: boolean;
  script?: SimulatedScript;
  /** Called before each batch; a returned fault makes the batch fail. */
  fault?: (batch: { index: number; kind: "prefill" | "commit"; rows: number }) => "no-space" | "compute" | undefined;
  /** Awaited before each batch completes; the default is one turn of the event loop. */
  latency?: () => Promise<void>;
}

const noTokens: readonly Token[] = [];

/** A leased sequence. */
interface Lease {
  state: SequenceState;
  memo: Produced | undefined;
  inFlight: boolean;
  closed: boolean;
}

/** A sequence as its call sees it: a copy that replaces the lease's state when the whole call has succeeded. */
interface Flying {
  readonly lease: Lease;
  /** Place in the call's entries. */
  readonly index: number;
  state: SequenceState;
  produced: Produced[];
}

export class SimulatedEngine implements Engine {
  readonly capabilities: Capabilities;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly #vocabulary: Vocabulary;
  readonly #options: SimulatedEngineOptions;
  readonly #queue = new SimulatedQueue();
  readonly #leases = new Map<SequenceHandle, Lease>();
  #nextHandle = 1;
  #batches = 0;
  /** All sequences of the call in flight, those included that take no part in its batch now. */
  #aloft: readonly Flying[] = [];
  #disposal: Promise<void> | undefined;

  constructor(vocabulary: Vocabulary, options: SimulatedEngineOptions = {}) {
    this.#vocabulary = vocabulary;
    this.#options = options;
    const recurrent = options.recurrent ?? false;
    this.fingerprint = { backend: "simulated", nVocab: String(vocabulary.size), recurrent: String(recurrent) };
    this.capabilities = {
      nCtx: options.nCtx ?? 4096,
      nBatch: options.nBatch ?? 64,
      nUbatch: options.nUbatch ?? 64,
      nSeqMax: options.nSeqMax ?? 16,
      draftRows: recurrent ? 0 : (options.draftRows ?? 16),
      nVocab: vocabulary.size,
      cellsPerToken: recurrent ? 0 : 1,
      canForkAt: recurrent ? "head" : "any",
      canTruncate: !recurrent,
      canSaveForks: true,
      recurrent,
      swaWindow: 0,
      encoder: false,
      logits: true,
      patternTriggers: true,
      deterministic: true,
      backend: "simulated",
      devices: ["simulated"],
      nThreads: 1,
      nThreadsBatch: 1,
    };
  }

  open(sampling: SamplingParams = {}, grammar?: string): SequenceHandle {
    this.#requireOpen("open");
    if (grammar !== undefined) requireText(grammar);
    return this.#lease(constrained(emptySequence(this.#resolve(sampling)), grammar));
  }

  fork(parent: SequenceHandle): SequenceHandle {
    return this.#lease({ ...this.#atRest(parent, "fork").state, steer: noBias });
  }

  close(handle: SequenceHandle): void {
    const lease = this.#leases.get(handle);
    if (lease) lease.closed = true;
    this.#leases.delete(handle);
  }

  prefill(entries: readonly PrefillEntry[]): Promise<void> {
    return this.#fly("prefill", entries, async (flying) => {
      for (const entry of entries) this.#checkPrefill(entry);
      // One batch takes all, since its shape leaves no trace in a hashed row. Who asks for small ones gets them.
      for (let from = 0, more = flying; more.length > 0; from++) {
        const parts = more.map(({ index }) => partOf(entries[index] as PrefillEntry, from));
        const next = more.map(({ state }, i) => prefilled(this.#vocabulary, state, parts[i] as readonly Token[]));
        await this.#decode("prefill", more, next);
        more = more.filter(({ index }) => partOf(entries[index] as PrefillEntry, from + 1).length > 0);
      }
    });
  }

  commit(entries: readonly CommitEntry[]): Promise<void> {
    return this.#fly("commit", entries, (flying) => this.#tick(entries, flying, []));
  }

  run(entries: readonly CommitEntry[], options: RunOptions = {}): Promise<Produced[][]> {
    const { maxTicks = 1, maxTokens = maxTicks, until } = options;
    return this.#fly("run", entries, async (flying) => {
      let writing = flying;
      for (let tick = 1; writing.length > 0 && tick <= maxTicks; tick++) {
        const guesses = this.#guesses(entries, writing, maxTokens, options.draft);
        await this.#tick(entries, writing, guesses);
        writing = writing.filter((each, i) => {
          const goesOn = this.#follow(each, guesses[i] ?? noTokens, maxTokens, tick === maxTicks, until);
          return goesOn && !each.lease.closed;
        });
      }
      const results = entries.map((): Produced[] => []);
      // Whoever closed a sequence waits for nothing that it would have written.
      for (const each of flying) if (!each.lease.closed) results[each.index] = each.produced;
      return results;
    });
  }

  produce(handle: SequenceHandle): Produced {
    const lease = this.#atRest(handle, "produce");
    requireRow(handle, lease);
    lease.memo ??= produce(this.#vocabulary, lease.state, this.#options.script);
    return copy(lease.memo);
  }

  setGrammar(handle: SequenceHandle, grammar: string | undefined): void {
    const lease = this.#atRest(handle, "setGrammar");
    if (grammar !== undefined) requireText(grammar);
    this.#change(lease, constrained(lease.state, grammar));
  }

  setLazyGrammar(handle: SequenceHandle, grammar: string, triggers: readonly GrammarTrigger[]): void {
    const lease = this.#atRest(handle, "setLazyGrammar");
    requireText(grammar);
    checkTriggers(triggers, this.#vocabulary.size);
    this.#change(lease, constrained(lease.state, grammar, triggers));
  }

  setSampling(handle: SequenceHandle, sampling: SamplingParams): void {
    const lease = this.#atRest(handle, "setSampling");
    this.#change(lease, { sampling: this.#resolve(sampling), mu: undefined });
  }

  setLogitBias(handle: SequenceHandle, biases: readonly TokenBias[]): void {
    const lease = this.#atRest(handle, "setLogitBias");
    this.#change(lease, { logitBias: checkBiases(biases, this.#vocabulary.size) });
  }

  setSteer(handle: SequenceHandle, biases: readonly TokenBias[]): void {
    const lease = this.#atRest(handle, "setSteer");
    this.#change(lease, { steer: checkBiases(biases, this.#vocabulary.size) });
  }

  reseed(handle: SequenceHandle, seed: number): void {
    const lease = this.#atRest(handle, "reseed");
    this.#change(lease, { sampling: this.#resolve({ ...lease.state.sampling, seed }), draws: 0 });
  }

  accept(handle: SequenceHandle, token: Token): void {
    const lease = this.#atRest(handle, "accept");
    requireToken(token, this.#vocabulary.size);
    this.#change(lease, { heard: { token, previous: lease.state.heard } });
  }

  sample(handle: SequenceHandle): Token {
    const lease = this.#atRest(handle, "sample");
    requireRow(handle, lease);
    const draws = lease.state.draws + 1;
    const token = drawn(this.#vocabulary, lease.state, draws, this.#options.script);
    lease.state = { ...lease.state, draws };
    return token;
  }

  entropy(handle: SequenceHandle): number {
    return rowEntropy(this.#row(handle, "entropy"));
  }

  surprisal(handle: SequenceHandle, token: Token): number {
    const row = this.#row(handle, "surprisal");
    requireToken(token, this.#vocabulary.size);
    return rowSurprisal(row, token);
  }

  metrics(handle: SequenceHandle): SequenceMetrics {
    const { model, sampling, count } = sumsOf(this.#vocabulary, this.#atRest(handle, "metrics").state);
    return { perplexity: Math.exp(model / count), samplingPerplexity: Math.exp(sampling / count) };
  }

  row(handle: SequenceHandle): Float32Array {
    return this.#row(handle, "row");
  }

  async countCells(): Promise<number> {
    this.#requireOpen("countCells");
    return await this.#queue.add(async () => this.#distinctCells().size * this.capabilities.cellsPerToken);
  }

  async save(handle: SequenceHandle, from: number): Promise<SequenceImage> {
    this.#requireOpen("save");
    this.#leased(handle, "save");
    return await this.#queue.add(async () => {
      const { state } = this.#leased(handle, "save");
      const isWithin = Number.isSafeInteger(from) && from >= 0 && from <= lengthOf(state);
      if (!isWithin || (from > 0 && this.capabilities.cellsPerToken === 0))
        throw new InvalidArgumentError("the part to save is not within the sequence.", { from: String(from) });
      return imageOf(this.#vocabulary, state, from);
    });
  }

  async restore(image: SequenceImage, parent?: SequenceHandle): Promise<SequenceHandle> {
    this.#requireOpen("restore");
    checkImage(image, this.#vocabulary.size);
    return await this.#queue.add(async () => {
      const above = image.from > 0 ? this.#leased(parent as SequenceHandle, "restore").state : undefined;
      const state = stateOf(this.#vocabulary, image, above);
      const needed = (image.position - image.from) * this.capabilities.cellsPerToken;
      const available = this.#room(needed);
      if (needed > available) throw new KvExhaustedError({ needed, available, doing: "restore" });
      return this.#lease(state);
    });
  }

  /** Its cells have no place, so there are no holes between them. */
  async compact(): Promise<void> {
    this.#requireOpen("compact");
    await this.#queue.add(async () => {});
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#queue
      .close(new ContextDisposedError({ doing: "a queued call" }))
      .then(() => this.#leases.clear());
    return this.#disposal;
  }

  /** One call of the port: after all calls before it, on copies, which are published together when `work` succeeds. */
  async #fly<T>(
    doing: "prefill" | "commit" | "run",
    entries: readonly { sequence: SequenceHandle }[],
    work: (flying: Flying[]) => Promise<T>,
  ): Promise<T> {
    this.#requireOpen(doing);
    requireObjects("entries", entries);
    const leases = entries.map(({ sequence }) => this.#leased(sequence, doing));
    if (new Set(leases).size < leases.length) throw new InvalidArgumentError("one sequence appears twice in a call.");
    return await this.#queue.add(async () => {
      // A sequence that was closed while the call waited is left out: nobody waits for its row.
      const flying = leases
        .map((lease, index): Flying => ({ lease, index, state: lease.state, produced: [] }))
        .filter(({ lease }) => !lease.closed);
      for (const { lease } of flying) lease.inFlight = true;
      this.#aloft = flying;
      try {
        const result = await work(flying);
        for (const { lease, state, produced } of flying) {
          lease.state = state;
          const last = produced.at(-1);
          lease.memo = last && copy(last);
        }
        return result;
      } finally {
        this.#aloft = [];
        for (const { lease } of flying) lease.inFlight = false;
      }
    });
  }

  /** One batch that adds a token to each: the entry's own at first, then what was produced. */
  #tick(
    entries: readonly CommitEntry[],
    flying: readonly Flying[],
    guesses: readonly (readonly Token[])[],
  ): Promise<void> {
    const { nUbatch } = this.capabilities;
    const guessed = guesses.flat().length;
    const rows = flying.length + guessed;
    if (rows > nUbatch) throw new InvalidArgumentError(`a commit holds at most ${nUbatch} rows.`, { rows, nUbatch });
    const next = flying.map(({ state, index, produced }) => {
      const token = produced.at(-1)?.token ?? (entries[index] as CommitEntry).token;
      return committed(this.#vocabulary, state, token);
    });
    return this.#decode("commit", flying, next, guessed);
  }

  #guesses(
    entries: readonly CommitEntry[],
    writing: readonly Flying[],
    maxTokens: number,
    draft: RunOptions["draft"],
  ): (readonly Token[])[] {
    const { draftRows, nVocab } = this.capabilities;
    if (!draft || draftRows === 0) return [];
    const asks = writing.map(({ index, state, produced }) => ({
      entry: index,
      produced: produced.map(({ token }) => token),
      forced: forcedBehind(this.#vocabulary, state, produced.at(-1)?.token ?? (entries[index] as CommitEntry).token),
    }));
    const lists = draft(asks);
    if (!Array.isArray(lists) || lists.length !== asks.length || !lists.every(Array.isArray))
      throw new InvalidArgumentError("draft gives a list for each entry.");
    const guesses = lists.map((list, i) => list.slice(0, maxTokens - (writing[i] as Flying).produced.length - 1));
    for (const token of guesses.flat()) requireToken(token, nVocab);
    if (guesses.flat().length > draftRows)
      throw new InvalidArgumentError(`a batch holds at most ${draftRows} guesses.`, { draftRows });
    return guesses;
  }

  /** Draws for as long as the guesses are what is drawn. Whether the sequence takes part in a further tick. */
  #follow(
    each: Flying,
    guesses: readonly Token[],
    maxTokens: number,
    isLast: boolean,
    until: RunOptions["until"],
  ): boolean {
    for (let i = 0, state = each.state; ; i++) {
      const drawn = this.#drawn(state, i > 0);
      // What cannot be drawn behind a guess is left to the tick that writes the guess.
      if (!drawn) return true;
      each.state = state;
      // A list that begins empty is given room for seventeen at its first push.
      if (each.produced.length === 0) each.produced = [drawn];
      else each.produced.push(drawn);
      if (drawn.isStop || each.produced.length === maxTokens) return false;
      const isEnd = guesses[i] !== drawn.token;
      if (isEnd && isLast) return false;
      if (until?.(each.index, textOf(each))) return false;
      if (isEnd) return true;
      state = committed(this.#vocabulary, state, drawn.token);
    }
  }

  #drawn(state: SequenceState, isBehindGuess: boolean): Produced | undefined {
    try {
      return produce(this.#vocabulary, state, this.#options.script);
    } catch (error) {
      if (isBehindGuess) return undefined;
      throw error;
    }
  }

  /** All rows or none: brings every sequence from its state to `next`, where there is room. */
  async #decode(
    kind: "prefill" | "commit",
    flying: readonly Flying[],
    next: readonly SequenceState[],
    guessed = 0,
  ): Promise<void> {
    const rows =
      guessed + flying.reduce((sum, { state }, i) => sum + lengthOf(next[i] as SequenceState) - lengthOf(state), 0);
    if (rows === 0) return;
    const fault = this.#options.fault?.({ index: this.#batches++, kind, rows });
    await (this.#options.latency?.() ?? new Promise<void>((resolve) => setImmediate(resolve)));
    const available = fault === "no-space" ? 0 : this.#room(rows);
    if (rows > available) throw new KvExhaustedError({ needed: rows, available, doing: kind });
    if (fault === "compute") throw new DecodeFailedError({ status: -3, rows, doing: kind });
    for (const [i, each] of flying.entries()) each.state = next[i] as SequenceState;
  }

  /** Free cells. Shared ones are told apart only where the rows might not fit otherwise: that costs O(cells). */
  #room(rows: number): number {
    const { nCtx, cellsPerToken } = this.capabilities;
    if (cellsPerToken === 0) return Number.POSITIVE_INFINITY;
    let most = 0;
    for (const { state } of this.#leases.values()) most += lengthOf(state);
    for (const { lease, state } of this.#aloft) most += lengthOf(state) - (lease.closed ? 0 : lengthOf(lease.state));
    return rows <= nCtx - most ? nCtx - most : nCtx - this.#distinctCells().size;
  }

  #distinctCells(): Set<Cell> {
    const cells = new Set<Cell>();
    for (const { state } of [...this.#leases.values(), ...this.#aloft])
      for (let cell = state.last; cell && !cells.has(cell); cell = cell.previous) cells.add(cell);
    return cells;
  }

  #lease(state: SequenceState): SequenceHandle {
    const { nSeqMax } = this.capabilities;
    if (this.#leases.size >= nSeqMax) throw new SequencesExhaustedError({ nSeqMax });
    const handle = this.#nextHandle++;
    this.#leases.set(handle, { state, memo: undefined, inFlight: false, closed: false });
    return handle;
  }

  #change(lease: Lease, change: Partial<SequenceState>): void {
    lease.state = { ...lease.state, ...change };
    lease.memo = undefined;
  }

  #row(handle: SequenceHandle, doing: string): Float32Array {
    const lease = this.#atRest(handle, doing);
    requireRow(handle, lease);
    return rowOf(this.#vocabulary, lease.state);
  }

  #resolve(params: SamplingParams): ResolvedSampling {
    const sampling = resolveSampling(params);
    for (const token of sampling.dryBreakers) requireToken(token, this.#vocabulary.size);
    return sampling;
  }

  #checkPrefill({ tokens, nBatch = this.capabilities.nBatch }: PrefillEntry): void {
    if (tokens.length === 0) throw new InvalidArgumentError("an entry needs at least one token.");
    if (!Number.isInteger(nBatch) || nBatch < 1)
      throw new InvalidArgumentError("a batch holds one token or more.", { nBatch });
  }

  #leased(handle: SequenceHandle, doing: string): Lease {
    const lease = this.#leases.get(handle);
    if (!lease) throw new BranchDisposedError({ branch: handle, doing });
    return lease;
  }

  #atRest(handle: SequenceHandle, doing: string): Lease {
    this.#requireOpen(doing);
    const lease = this.#leased(handle, doing);
    if (lease.inFlight) throw new BranchInFlightError({ branch: handle, doing });
    return lease;
  }

  #requireOpen(doing: string): void {
    if (this.#disposal) throw new ContextDisposedError({ doing });
  }
}

function textOf({ produced }: Flying): string {
  return produced.map(({ text }) => text).join("");
}

/** The tokens of an entry's batch number `index`. */
function partOf({ tokens, nBatch = tokens.length }: PrefillEntry, index: number): readonly Token[] {
  return tokens.slice(index * nBatch, (index + 1) * nBatch);
}

function lengthOf({ last }: SequenceState): number {
  return last?.length ?? 0;
}

function requireText(grammar: string): void {
  if (typeof grammar !== "string") throw new InvalidArgumentError("a grammar is a text.");
}

function requireRow(handle: SequenceHandle, { state }: Lease): void {
  if (!state.last) throw new NoLogitsError({ branch: handle });
}

// Here and in `committed` field by field: this is done for every token, and a spread takes several times as long.
function copy({ token, text, isStop }: Produced): Produced {
  return { token, text, isStop };
}
