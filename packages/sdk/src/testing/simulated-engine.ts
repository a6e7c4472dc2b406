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
import type { SequenceHandle } from "../backend/ids.ts";
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
import { SimulatedQueue } from "./simulated-queue.ts";
import { checkSampling } from "./simulated-sampler.ts";
import {
  type Cell,
  committed,
  compileGrammar,
  hashRow,
  prefilled,
  produce,
  type SequenceState,
  type SimulatedScript,
} from "./simulated-sequence.ts";

export type { SimulatedScript };

export interface SimulatedEngineOptions {
  nCtx?: number;
  nBatch?: number;
  nUbatch?: number;
  nSeqMax?: number;
  script?: SimulatedScript;
  /** Called before each batch; a returned fault makes the batch fail. */
  fault?: (batch: { index: number; kind: "prefill" | "commit"; rows: number }) => "no-space" | "compute" | undefined;
  /** Awaited before each batch completes; the default is one turn of the event loop. */
  latency?: () => Promise<void>;
}

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
  readonly #vocabulary: Vocabulary;
  readonly #options: SimulatedEngineOptions;
  readonly #queue = new SimulatedQueue();
  readonly #leases = new Map<SequenceHandle, Lease>();
  #nextHandle = 1;
  #batches = 0;
  #disposal: Promise<void> | undefined;

  constructor(vocabulary: Vocabulary, options: SimulatedEngineOptions = {}) {
    this.#vocabulary = vocabulary;
    this.#options = options;
    this.capabilities = {
      nCtx: options.nCtx ?? 4096,
      nBatch: options.nBatch ?? 64,
      nUbatch: options.nUbatch ?? 64,
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
    return this.#lease({
      cells: [],
      path: undefined,
      sampling: { ...sampling },
      commits: 0,
      grammar: compileGrammar(grammar),
      pendingBytes: [],
    });
  }

  fork(parent: SequenceHandle): SequenceHandle {
    return this.#lease(this.#atRest(parent, "fork").state);
  }

  close(handle: SequenceHandle): void {
    const lease = this.#leases.get(handle);
    if (lease) lease.closed = true;
    this.#leases.delete(handle);
  }

  prefill(entries: readonly PrefillEntry[]): Promise<void> {
    return this.#fly("prefill", entries, async (flying) => {
      const next = flying.map(({ state, index }) => {
        const { tokens } = entries[index] as PrefillEntry;
        if (tokens.length === 0) throw new InvalidArgumentError("an entry needs at least one token.");
        return prefilled(this.#vocabulary, state, tokens);
      });
      await this.#decode("prefill", flying, next);
    });
  }

  commit(entries: readonly CommitEntry[]): Promise<void> {
    return this.#fly("commit", entries, (flying) => this.#tick(entries, flying));
  }

  run(entries: readonly CommitEntry[], { maxTicks = 1, until }: RunOptions = {}): Promise<Produced[][]> {
    const textOf = ({ produced }: Flying) => produced.map(({ text }) => text).join("");
    return this.#fly("run", entries, async (flying) => {
      let writing = flying;
      for (let tick = 1; writing.length > 0; tick++) {
        await this.#tick(entries, writing);
        for (const each of writing) each.produced.push(produce(this.#vocabulary, each.state, this.#options.script));
        if (tick === maxTicks) break;
        writing = writing.filter((each) => {
          const isDone = each.produced.at(-1)?.isStop || until?.(each.index, textOf(each));
          return !isDone && !each.lease.closed;
        });
      }
      const results = entries.map((): Produced[] => []);
      // Whoever closed a sequence waits for nothing that it would have written.
      for (const each of flying) if (!each.lease.closed) results[each.index] = each.produced.map(copy);
      return results;
    });
  }

  produce(handle: SequenceHandle): Produced {
    const lease = this.#atRest(handle, "produce");
    if (lease.state.path === undefined) throw new NoLogitsError({ branch: handle });
    lease.memo ??= produce(this.#vocabulary, lease.state, this.#options.script);
    return copy(lease.memo);
  }

  setGrammar(handle: SequenceHandle, grammar: string | undefined): void {
    const lease = this.#atRest(handle, "setGrammar");
    lease.state = { ...lease.state, grammar: compileGrammar(grammar) };
    lease.memo = undefined;
  }

  setSampling(handle: SequenceHandle, sampling: SamplingParams): void {
    const lease = this.#atRest(handle, "setSampling");
    checkSampling(sampling);
    lease.state = { ...lease.state, sampling: { ...sampling } };
    lease.memo = undefined;
  }

  row(handle: SequenceHandle): Float32Array {
    const { state } = this.#atRest(handle, "row");
    if (state.path === undefined) throw new NoLogitsError({ branch: handle });
    return hashRow(this.#vocabulary, state.path);
  }

  async countCells(): Promise<number> {
    this.#requireOpen("countCells");
    return await this.#queue.add(async () => this.#distinctCells().size);
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
    const leases = entries.map(({ sequence }) => this.#leased(sequence, doing));
    if (new Set(leases).size < leases.length) throw new InvalidArgumentError("one sequence appears twice in a call.");
    return await this.#queue.add(async () => {
      // A sequence that was closed while the call waited is left out: nobody waits for its row.
      const flying = leases
        .map((lease, index): Flying => ({ lease, index, state: lease.state, produced: [] }))
        .filter(({ lease }) => !lease.closed);
      for (const { lease } of flying) lease.inFlight = true;
      try {
        const result = await work(flying);
        for (const { lease, state, produced } of flying) {
          lease.state = state;
          lease.memo = produced.at(-1);
        }
        return result;
      } finally {
        for (const { lease } of flying) lease.inFlight = false;
      }
    });
  }

  /** One batch that adds a token to each: the entry's own at first, then what was produced. */
  async #tick(entries: readonly CommitEntry[], flying: readonly Flying[]): Promise<void> {
    const { nUbatch } = this.capabilities;
    if (flying.length > nUbatch)
      throw new InvalidArgumentError(`a commit holds at most ${nUbatch} rows.`, { rows: flying.length, nUbatch });
    const next = flying.map(({ state, index, produced }) => {
      const token = produced.at(-1)?.token ?? (entries[index] as CommitEntry).token;
      return committed(this.#vocabulary, state, token);
    });
    await this.#decode("commit", flying, next);
  }

  /** All rows or none: brings every sequence from its state to `next`, where there is room. */
  async #decode(kind: "prefill" | "commit", flying: readonly Flying[], next: readonly SequenceState[]): Promise<void> {
    const rows = flying.reduce((sum, { state }, i) => sum + (next[i]?.cells.length ?? 0) - state.cells.length, 0);
    if (rows === 0) return;
    const fault = this.#options.fault?.({ index: this.#batches++, kind, rows });
    await (this.#options.latency?.() ?? new Promise<void>((resolve) => setImmediate(resolve)));
    const available = fault === "no-space" ? 0 : this.#room(rows, flying);
    if (rows > available) throw new KvExhaustedError({ needed: rows, available, doing: kind });
    if (fault === "compute") throw new DecodeFailedError({ status: -3, rows, doing: kind });
    for (const [i, each] of flying.entries()) each.state = next[i] as SequenceState;
  }

  /** Free cells. Shared ones are told apart only where the rows might not fit otherwise: that costs O(cells). */
  #room(rows: number, flying: readonly Flying[]): number {
    let most = 0;
    for (const { state } of this.#leases.values()) most += state.cells.length;
    for (const { lease, state } of flying) most += state.cells.length - (lease.closed ? 0 : lease.state.cells.length);
    const { nCtx } = this.capabilities;
    return rows <= nCtx - most ? nCtx - most : nCtx - this.#distinctCells(flying).size;
  }

  #distinctCells(flying: readonly Flying[] = []): Set<Cell> {
    const cells = new Set<Cell>();
    for (const { state } of [...this.#leases.values(), ...flying]) for (const cell of state.cells) cells.add(cell);
    return cells;
  }

  #lease(state: SequenceState): SequenceHandle {
    const { nSeqMax } = this.capabilities;
    if (this.#leases.size >= nSeqMax) throw new SequencesExhaustedError({ nSeqMax });
    const handle = this.#nextHandle++;
    this.#leases.set(handle, { state, memo: undefined, inFlight: false, closed: false });
    return handle;
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

function copy(produced: Produced): Produced {
  return { ...produced };
}
