import type { Engine, Produced, RunOptions } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { requireTokens } from "../backend/require-objects.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { TreeStats } from "./batch-log.ts";
import type { Books } from "./books.ts";
import { type BranchNode, requireAtRest, requireIdle, requireLive } from "./branch-node.ts";
import { CallQueue, type QueuedCall } from "./call-queue.ts";
import type { CellLedger, Reservation } from "./cell-ledger.ts";
import type { DraftedRun } from "./drafting.ts";

/** Tokens for a node, the first of them at its position: one where it is a row of a tick. */
interface Write {
  readonly node: BranchNode;
  readonly tokens: readonly Token[];
  /** Set when it has landed: what the node then produced. Absent where nobody asked, and for a node that was pruned meanwhile. */
  produced?: Produced[];
}

/** What is written in as many ticks as asked for. */
interface TreeRunOptions {
  maxTicks: number;
  /** That a node produces. */
  maxTokens: number;
  /** Whether guesses are wanted. */
  draft?: boolean;
  until?: ((node: BranchNode, text: string) => boolean) | undefined;
}

const oneStep: TreeRunOptions = { maxTicks: 1, maxTokens: 1 };

/** A call that was admitted: its cells are promised, and its nodes in flight, until it has landed or failed. */
interface Call extends QueuedCall {
  readonly writes: readonly Write[];
  /** Absent where nobody asks for what comes next. */
  readonly run: TreeRunOptions | undefined;
  readonly promised: Reservation;
}

/** What a tree's batches work with. */
export interface BatchesOf {
  readonly engine: Engine;
  readonly ledger: CellLedger;
  readonly books: Books;
}

/**
 * What branches write: admits calls by the ledger, lets them share batches, and books what has landed.
 *
 * A call is in flight from its admission to its end. What was pruned meanwhile is left out, or lands for nobody.
 */
export class BranchBatches {
  readonly #engine: Engine;
  readonly #ledger: CellLedger;
  readonly #books: Books;
  readonly #calls: CallQueue<Call, void>;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor({ engine, ledger, books }: BatchesOf) {
    this.#engine = engine;
    this.#ledger = ledger;
    this.#books = books;
    const { nBatch, nUbatch } = engine.capabilities;
    this.#calls = new CallQueue({ prefill: nBatch, tick: nUbatch }, (calls) => this.#fly(calls));
  }

  get stats(): TreeStats {
    return { ...this.#books.stats, peakCells: this.#ledger.peakCells, splitBatches: this.#calls.splits };
  }

  /** All or nothing: on rejection every node is as before. */
  async prefill(entries: readonly Write[]): Promise<void> {
    for (const { node, tokens } of entries) {
      requireLive(node, "prefill");
      requireTokens(tokens);
    }
    // The caller's list may be another one by the time that the batch begins.
    const writes = entries.flatMap(({ node, tokens }) => (tokens.length > 0 ? [{ node, tokens: [...tokens] }] : []));
    if (writes.length === 0) return;
    const rows = writes.reduce((sum, { tokens }) => sum + tokens.length, 0);
    await this.#call("prefill", writes, { lane: "prefill", rows, run: undefined }, this.cellsOf(rows));
  }

  /** Accepts and decodes one token per node in one batch. All or nothing. */
  async commit(rows: readonly Write[]): Promise<void> {
    await this.#tick(rows, "tick", undefined);
  }

  /** `commit`, then the next token of every node that was not pruned meanwhile: one engine call for a whole tick. */
  async step(rows: readonly Write[]): Promise<(Produced | undefined)[]> {
    await this.#tick(rows, "tick", oneStep);
    return rows.map(({ produced }) => produced?.[0]);
  }

  /** Steps in one engine call, each with what the one before produced. All or nothing. */
  async run(rows: readonly Write[], run: TreeRunOptions): Promise<Produced[][]> {
    for (const name of ["maxTicks", "maxTokens"] as const) {
      if (!Number.isSafeInteger(run[name]) || run[name] < 1)
        throw new InvalidArgumentError(`${name} is a whole number, at least 1.`, { [name]: String(run[name]) });
    }
    // One decode, which nobody is asked about, may be anybody's.
    const lane = run.maxTicks === 1 && !run.until ? "tick" : undefined;
    await this.#tick(rows, lane, run);
    return rows.map(({ produced }) => produced ?? []);
  }

  /** The engine's own count, after every call so far. */
  async countCells(): Promise<number> {
    await Promise.allSettled(this.#underWay);
    return await this.#engine.countCells();
  }

  /**
   * Work on nodes that is no batch. Until it has ended they are in flight, and its cells promised; it releases the
   * promise itself before it books them. Throws what a batch throws before it is admitted.
   */
  async hold<T>(
    doing: string,
    nodes: readonly BranchNode[],
    cells: number,
    work: (promised: Reservation) => Promise<T>,
  ): Promise<T> {
    for (const node of nodes) requireAtRest(node, doing);
    this.#ledger.requireFree(cells, doing);
    const promised = this.#ledger.reserve(cells);
    for (const node of nodes) node.inFlight = true;
    const working = work(promised);
    this.#underWay.add(working);
    try {
      return await working;
    } finally {
      promised.release();
      for (const node of nodes) node.inFlight = false;
      this.#underWay.delete(working);
    }
  }

  cellsOf(tokens: number): number {
    return tokens * this.#engine.capabilities.cellsPerToken;
  }

  #tick(rows: readonly Write[], lane: Call["lane"], run: TreeRunOptions | undefined): Promise<void> {
    if (rows.length === 0) throw new InvalidArgumentError("a tick needs at least one row.");
    const cells = this.cellsOf(rows.length * (run?.maxTokens ?? 1));
    return this.#call("commit", rows, { lane, rows: rows.length, run }, cells);
  }

  /** Admits a call, with a promise of the cells that it may take so that no other is promised the same ones. */
  async #call(
    doing: string,
    writes: readonly Write[],
    { lane, rows, run }: Pick<Call, "lane" | "rows" | "run">,
    cells: number,
  ): Promise<void> {
    let held = 0;
    for (const { node } of writes) {
      requireIdle(node, doing);
      held += node.promised?.cells ?? 0;
    }
    const needed = Math.max(0, cells - held);
    this.#ledger.requireFree(needed, doing);
    const call: Call = { lane, rows, run, writes, promised: this.#ledger.reserve(needed) };
    for (const { node } of writes) node.inFlight = true;
    const landing = this.#calls.add(call);
    this.#underWay.add(landing);
    try {
      await landing;
    } finally {
      // Not before the caller is told: of calls that are run one by one, the first waits for the last.
      call.promised.release();
      for (const { node } of writes) {
        node.inFlight = false;
        if (node.disposed) node.promised?.release();
      }
      this.#underWay.delete(landing);
    }
  }

  /** One batch for calls of one lane. What was pruned while it waited is left out. */
  async #fly(calls: readonly Call[]): Promise<void> {
    const writes = calls.flatMap((call) => call.writes).filter(({ node }) => !node.disposed);
    const started = performance.now();
    const drafted = this.#draftsOf(calls, writes);
    const decoding = writes.length > 0 ? this.#decode(calls, writes, drafted) : undefined;
    this.#books.catchUp();
    const produced = await decoding;
    const ms = performance.now() - started;
    // Booked before anybody else can look: the branches are still in flight here.
    for (const { promised } of calls) promised.release();
    const landed = writes.map((write, i) => {
      const { node, tokens } = write;
      const { position } = node;
      const written = withFurther(tokens, produced?.[i]);
      this.#advance(node, written);
      if (produced && !node.disposed) write.produced = produced[i] as Produced[];
      const steps = drafted?.land(i, written.length);
      return { node, position, tokens: written, steps, lives: !node.disposed };
    });
    if (landed.length > 0)
      this.#books.landed({ type: calls[0]?.lane === "prefill" ? "prefill" : "commit", landed, ms });
  }

  /** What each of them produced, if any call asks for that: for a commit beside a step it is a memo. */
  #decode(
    calls: readonly Call[],
    writes: readonly Write[],
    drafted: DraftedRun | undefined,
  ): Promise<Produced[][] | undefined> {
    if (calls[0]?.lane === "prefill") {
      const entries = writes.map(({ node, tokens }) => ({ sequence: node.sequence, tokens, nBatch: node.nBatch }));
      return this.#engine.prefill(entries).then(() => undefined);
    }
    const rows = writes.map(({ node, tokens }) => ({ sequence: node.sequence, token: tokens[0] as Token }));
    const runs = calls.flatMap(({ run }) => run ?? []);
    if (runs.length === 0) return this.#engine.commit(rows).then(() => undefined);
    const options = this.#optionsOf(runs, writes);
    return this.#engine.run(rows, drafted ? { ...options, draft: drafted.ask } : options);
  }

  /** Runs that share a batch have one tick each; of their tokens all but the first are guesses, which keep to the call's own limit. */
  #optionsOf(runs: readonly TreeRunOptions[], writes: readonly Write[]): RunOptions {
    const { maxTicks, until } = runs[0] as TreeRunOptions;
    const maxTokens = Math.max(...runs.map((run) => run.maxTokens));
    if (!until) return { maxTicks, maxTokens };
    return { maxTicks, maxTokens, until: (entry, text) => until((writes[entry] as Write).node, text) };
  }

  #draftsOf(calls: readonly Call[], writes: readonly Write[]): DraftedRun | undefined {
    if (this.#engine.capabilities.draftRows === 0 || !calls.some(({ run }) => run?.draft)) return undefined;
    const tokensMax = new Map(
      calls.flatMap((call) => call.writes.map(({ node }) => [node, call.run?.draft ? call.run.maxTokens : undefined])),
    );
    return this.#books.beginDrafts(
      writes.map(({ node, tokens }) => ({
        branch: node.id,
        token: tokens[0] as Token,
        maxTokens: tokensMax.get(node),
      })),
    );
  }

  // The cells of a node that was pruned in flight were given back at the prune, and are not counted again.
  #advance(node: BranchNode, tokens: readonly Token[]): void {
    if (node.disposed) return;
    node.promised?.release();
    node.promised = undefined;
    node.position += tokens.length;
    this.#ledger.extend(node.tail, this.cellsOf(tokens.length));
  }
}

/** What a node was given, and what it then produced and wrote: all but the last. */
function withFurther(tokens: readonly Token[], produced: readonly Produced[] = []): readonly Token[] {
  return produced.length > 1 ? [...tokens, ...produced.slice(0, -1).map(({ token }) => token)] : tokens;
}
