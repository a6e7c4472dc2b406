import type { Engine, Produced, RunOptions, SamplingParams } from "../backend/engine.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import { isSameSampling, type ResolvedSampling, resolveSampling } from "../backend/sampling.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { BranchDisposedError, BranchInFlightError, InvalidArgumentError, KvExhaustedError } from "../errors.ts";
import { BatchLog, type BatchRecord, type TreeStats } from "./batch-log.ts";
import { CallQueue, type QueuedCall } from "./call-queue.ts";
import { CellLedger, type CellSegment, type Pressure, type Reservation } from "./cell-ledger.ts";
import type { Drafter } from "./drafter.ts";
import { type DraftedRun, Drafting } from "./drafting.ts";
import { adopt, assertLeaf, orphan, subtreePostOrder } from "./lineage.ts";
import { emptyPath, type PathHash } from "./prefix-trie.ts";
import { RadixTree } from "./radix-tree.ts";

/** A branch as the tree sees it. `Branch` is the handle that users hold. */
export interface BranchNode {
  readonly id: number;
  readonly sequence: SequenceHandle;
  parent: BranchNode | undefined;
  readonly children: Set<BranchNode>;
  /** Tokens from position 0 to here, shared prefix included. */
  position: number;
  /** Position at which it left its parent; 0 for roots. */
  readonly forkHead: number;
  tail: CellSegment;
  path: PathHash;
  /** Most tokens of its prefills in one decode; the engine's where it has none of its own. */
  readonly nBatch: number | undefined;
  sampling: ResolvedSampling;
  disposed: boolean;
  /** True from a call with rows of this branch to its end. */
  inFlight: boolean;
}

/** Tokens for a node, the first of them at its position. */
interface Write {
  readonly node: BranchNode;
  readonly tokens: readonly Token[];
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

/** A call that was admitted: its cells are promised, and its nodes in flight, until it has landed or failed. */
interface Call extends QueuedCall {
  readonly writes: readonly Write[];
  /** Absent where nobody asks for what comes next. */
  readonly run?: TreeRunOptions;
  readonly promised: Reservation;
}

/** What the nodes of a batch produced: nothing after a prefill or commit, and for a node that was pruned meanwhile. */
type Produce = ReadonlyMap<BranchNode, readonly Produced[]>;

/**
 * Lineage, cell ledger and reservations of one context: the only copy, for every backend.
 *
 * Everything synchronous here is logical and immediate; the engine carries it out before its next batch.
 */
export class BranchTree {
  readonly engine: Engine;
  readonly #ledger: CellLedger;
  readonly #prefixes = new RadixTree<BranchNode>();
  readonly #log = new BatchLog();
  readonly #drafting: Drafting;
  readonly #calls: CallQueue<Call, Produce>;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #live = new Set<BranchNode>();
  #nextId = 1;

  constructor(engine: Engine) {
    this.engine = engine;
    const { nCtx, nBatch, nUbatch } = engine.capabilities;
    this.#ledger = new CellLedger(nCtx);
    this.#drafting = new Drafting(engine.capabilities);
    this.#calls = new CallQueue({ prefill: nBatch, tick: nUbatch }, (calls) => this.#fly(calls));
  }

  get liveBranches(): number {
    return this.#live.size;
  }

  get stats(): TreeStats {
    return { ...this.#log.stats, peakCells: this.#ledger.peakCells, splitBatches: this.#calls.splits };
  }

  pressure(): Pressure {
    return this.#ledger.pressure();
  }

  /**
   * Cells that no prefill or commit may take until released. Throws KvExhaustedError when fewer are free,
   * InvalidArgumentError when `cells` is no whole number.
   */
  reserve(cells: number): Reservation {
    // A negative one would hand out cells that are not there, and NaN would turn every later comparison false.
    if (!Number.isSafeInteger(cells) || cells < 0)
      throw new InvalidArgumentError("a reservation is a whole number of cells.", { cells: String(cells) });
    this.#requireFree(cells, "a reservation");
    return this.#ledger.reserve(cells);
  }

  /** Calls `observer` after each batch that succeeded. Returns the function that stops it. */
  observe(observer: (record: BatchRecord) => void): () => void {
    return this.#log.observe(observer);
  }

  /** Who guesses from now on. */
  draftWith(drafter: Drafter): void {
    this.#drafting.use(drafter);
  }

  createRoot(params?: SamplingParams, nBatch?: number, grammar?: string): BranchNode {
    const sampling = resolveSampling(params);
    const sequence = this.engine.open(params, grammar);
    const node = this.#add({
      sequence,
      sampling,
      nBatch,
      tail: this.#ledger.open(),
      position: 0,
      forkHead: 0,
      path: emptyPath,
    });
    this.#prefixes.add(node);
    this.#drafting.opened(node.id);
    return node;
  }

  fork(parent: BranchNode): BranchNode {
    this.requireIdle(parent, "fork");
    const sequence = this.engine.fork(parent.sequence);
    const [own, child] = this.#ledger.fork(parent.tail);
    parent.tail = own;
    const { position, path, nBatch, sampling } = parent;
    const node = this.#add({ sequence, sampling, nBatch, tail: child, position, forkHead: position, path });
    this.#prefixes.add(node, parent);
    this.#drafting.opened(node.id, parent.id);
    adopt(parent, node);
    return node;
  }

  /** All or nothing. Throws SequencesExhaustedError, BranchInFlightError. */
  forkMany(parent: BranchNode, count: number): BranchNode[] {
    this.requireIdle(parent, "fork");
    if (!Number.isSafeInteger(count) || count < 0)
      throw new InvalidArgumentError("forks are a whole number.", { count: String(count) });
    const forks: BranchNode[] = [];
    try {
      while (forks.length < count) forks.push(this.fork(parent));
    } catch (error) {
      for (const fork of forks) this.prune(fork);
      throw error;
    }
    return forks;
  }

  /** Equal parameters are a no-op, which keeps the memo. A seed that is left out stays. */
  setSampling(node: BranchNode, params: SamplingParams): void {
    this.requireIdle(node, "setSamplerParams");
    const given = { ...params, seed: params.seed ?? node.sampling.seed };
    const sampling = resolveSampling(given);
    if (isSameSampling(sampling, node.sampling)) return;
    this.engine.setSampling(node.sequence, given);
    node.sampling = sampling;
  }

  reseed(node: BranchNode, seed: number): void {
    this.requireIdle(node, "reseedSampler");
    const sampling = resolveSampling({ ...node.sampling, seed });
    this.engine.reseed(node.sequence, seed);
    node.sampling = sampling;
  }

  /** A living node whose tokens begin with as many of these as can be; see RadixTree. */
  longestPrefix(tokens: readonly Token[], at: "any" | "head"): { node: BranchNode; length: number } | undefined {
    const found = this.#prefixes.longestPrefix(tokens, at);
    return found && { node: found.head, length: found.length };
  }

  /** RESTRICT. Pruning twice is a no-op. */
  prune(node: BranchNode): void {
    if (node.disposed) return;
    assertLeaf(node);
    node.disposed = true;
    orphan(node);
    this.#live.delete(node);
    this.#prefixes.remove(node);
    this.#drafting.closed(node.id);
    this.#ledger.release(node.tail);
    this.engine.close(node.sequence);
  }

  /** CASCADE: the node and all of its descendants, children first. */
  pruneSubtree(node: BranchNode): void {
    if (node.disposed) return;
    for (const each of subtreePostOrder(node)) this.prune(each);
  }

  /** All or nothing: on rejection every node is as before. */
  async prefill(entries: readonly { node: BranchNode; tokens: readonly Token[] }[]): Promise<void> {
    for (const { node } of entries) this.requireLive(node, "prefill");
    // The caller's list may be another one by the time that the batch begins.
    const writes = entries.flatMap(({ node, tokens }) => (tokens.length > 0 ? [{ node, tokens: [...tokens] }] : []));
    if (writes.length === 0) return;
    const rows = writes.reduce((sum, { tokens }) => sum + tokens.length, 0);
    await this.#call("prefill", writes, { lane: "prefill", rows }, this.#cellsOf(rows));
  }

  /** Accepts and decodes one token per node in one batch. All or nothing. */
  async commit(entries: readonly { node: BranchNode; token: Token }[]): Promise<void> {
    await this.#tick(entries, { lane: "tick" });
  }

  /** `commit`, then the next token of every node: one engine call for a whole tick. */
  async step(entries: readonly { node: BranchNode; token: Token }[]): Promise<Produced[]> {
    const produced = await this.#tick(entries, { lane: "tick", run: { maxTicks: 1, maxTokens: 1 } });
    return entries.map(({ node }) => produced.get(node)?.[0] as Produced);
  }

  /** Steps in one engine call, each with what the one before produced. All or nothing. */
  async run(entries: readonly { node: BranchNode; token: Token }[], run: TreeRunOptions): Promise<Produced[][]> {
    for (const name of ["maxTicks", "maxTokens"] as const) {
      if (!Number.isSafeInteger(run[name]) || run[name] < 1)
        throw new InvalidArgumentError(`${name} is a whole number, at least 1.`, { [name]: String(run[name]) });
    }
    // One decode, which nobody is asked about, may be anybody's.
    const lane = run.maxTicks === 1 && !run.until ? "tick" : undefined;
    const produced = await this.#tick(entries, { lane, run });
    return entries.map(({ node }) => [...(produced.get(node) ?? [])]);
  }

  /** The engine's own count, after every call so far. */
  async countCells(): Promise<number> {
    await Promise.allSettled(this.#underWay);
    return await this.engine.countCells();
  }

  requireLive(node: BranchNode, doing: string): void {
    if (node.disposed) throw new BranchDisposedError({ branch: node.id, doing });
  }

  requireIdle(node: BranchNode, doing: string): void {
    this.requireLive(node, doing);
    if (node.inFlight) throw new BranchInFlightError({ branch: node.id, doing });
  }

  async #tick(
    entries: readonly { node: BranchNode; token: Token }[],
    how: { lane: Call["lane"]; run?: TreeRunOptions },
  ): Promise<Produce> {
    if (entries.length === 0) throw new InvalidArgumentError("a tick needs at least one row.");
    const writes = entries.map(({ node, token }) => ({ node, tokens: [token] }));
    return await this.#call(
      "commit",
      writes,
      { ...how, rows: writes.length },
      this.#cellsOf(writes.length * (how.run?.maxTokens ?? 1)),
    );
  }

  /** Admits a call, with a promise of the cells that it may take so that no other is promised the same ones. */
  async #call(
    doing: string,
    writes: readonly Write[],
    how: Pick<Call, "lane" | "rows" | "run">,
    cells: number,
  ): Promise<Produce> {
    for (const { node } of writes) this.requireIdle(node, doing);
    this.#requireFree(cells, doing);
    const call: Call = { ...how, writes, promised: this.#ledger.reserve(cells) };
    for (const { node } of writes) node.inFlight = true;
    const landing = this.#calls.add(call);
    this.#underWay.add(landing);
    try {
      return await landing;
    } catch (error) {
      this.#release(call);
      throw error;
    } finally {
      this.#underWay.delete(landing);
    }
  }

  /** One batch for calls of one lane. What was pruned while it waited is left out. */
  async #fly(calls: readonly Call[]): Promise<Produce> {
    const writes = calls.flatMap((call) => call.writes).filter(({ node }) => !node.disposed);
    const started = performance.now();
    const drafted = this.#draftsOf(calls, writes);
    const produced = writes.length > 0 ? await this.#decode(calls, writes, drafted) : [];
    const ms = performance.now() - started;
    // Booked before anybody else can look: the branches are still in flight here.
    for (const { promised } of calls) promised.release();
    const landed = writes.map(({ node, tokens }, i) => {
      const position = node.position;
      const further = produced[i]?.slice(0, -1) ?? [];
      const written = further.length > 0 ? [...tokens, ...further.map(tokenOf)] : tokens;
      this.#advance(node, written);
      return { node, position, tokens: written, ...(drafted && { steps: drafted.land(i, written.length) }) };
    });
    if (calls[0]?.lane !== "prefill") this.#log.committed(landed, ms);
    else if (landed.length > 0) this.#log.prefilled(landed, ms);
    for (const call of calls) this.#release(call);
    return new Map(writes.flatMap(({ node }, i) => (node.disposed ? [] : [[node, produced[i] ?? []]])));
  }

  /** What each of them produced, if any call asks for that: for a commit beside a step it is a memo. */
  async #decode(
    calls: readonly Call[],
    writes: readonly Write[],
    drafted: DraftedRun | undefined,
  ): Promise<Produced[][]> {
    if (calls[0]?.lane === "prefill") {
      await this.engine.prefill(
        writes.map(({ node, tokens }) => ({ sequence: node.sequence, tokens, nBatch: node.nBatch })),
      );
      return [];
    }
    const rows = writes.map(({ node, tokens }) => ({ sequence: node.sequence, token: tokens[0] as Token }));
    const runs = calls.flatMap(({ run }) => run ?? []);
    if (runs.length > 0) {
      const options = this.#optionsOf(runs, writes);
      return await this.engine.run(rows, drafted ? { ...options, draft: drafted.ask } : options);
    }
    await this.engine.commit(rows);
    return [];
  }

  /** Runs that share a batch have one tick each; of their tokens all but the first are guesses, which keep to the call's own limit. */
  #optionsOf(runs: readonly TreeRunOptions[], writes: readonly Write[]): RunOptions {
    const { maxTicks, until } = runs[0] as TreeRunOptions;
    const maxTokens = Math.max(...runs.map((run) => run.maxTokens));
    if (!until) return { maxTicks, maxTokens };
    return { maxTicks, maxTokens, until: (entry, text) => until((writes[entry] as Write).node, text) };
  }

  #draftsOf(calls: readonly Call[], writes: readonly Write[]): DraftedRun | undefined {
    if (this.engine.capabilities.draftRows === 0 || !calls.some(({ run }) => run?.draft)) return undefined;
    const tokensMax = new Map(
      calls.flatMap((call) => call.writes.map(({ node }) => [node, call.run?.draft ? call.run.maxTokens : undefined])),
    );
    return this.#drafting.begin(
      writes.map(({ node, tokens }) => ({
        branch: node.id,
        token: tokens[0] as Token,
        maxTokens: tokensMax.get(node),
      })),
    );
  }

  #release({ promised, writes }: Call): void {
    promised.release();
    for (const { node } of writes) node.inFlight = false;
  }

  // The cells of a node that was pruned in flight were given back at the prune, and are not counted again.
  #advance(node: BranchNode, tokens: readonly Token[]): void {
    if (node.disposed) return;
    node.position += tokens.length;
    this.#ledger.extend(node.tail, this.#cellsOf(tokens.length));
    this.#prefixes.extend(node, tokens);
    this.#drafting.wrote(node.id, tokens);
  }

  #cellsOf(tokens: number): number {
    return tokens * this.engine.capabilities.cellsPerToken;
  }

  #requireFree(cells: number, doing: string): void {
    const { free } = this.#ledger.pressure();
    if (cells > free) throw new KvExhaustedError({ needed: cells, available: Math.max(0, free), doing });
  }

  #add(
    of: Pick<BranchNode, "sequence" | "sampling" | "nBatch" | "tail" | "position" | "forkHead" | "path">,
  ): BranchNode {
    const id = this.#nextId++;
    const node: BranchNode = { id, ...of, parent: undefined, children: new Set(), disposed: false, inFlight: false };
    this.#live.add(node);
    return node;
  }
}

function tokenOf({ token }: Produced): Token {
  return token;
}

const trees = new WeakMap<SessionContext, BranchTree>();

/** The tree of a context. Every Branch, BranchStore and Session on one context shares it. */
export function treeOf(context: SessionContext): BranchTree {
  let tree = trees.get(context);
  if (!tree) {
    tree = new BranchTree(context.engine);
    trees.set(context, tree);
  }
  return tree;
}
