import type { Engine, Produced, SamplingParams } from "../backend/engine.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import { isSameSampling, type ResolvedSampling, resolveSampling } from "../backend/sampling.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { BranchDisposedError, BranchInFlightError, InvalidArgumentError, KvExhaustedError } from "../errors.ts";
import { CellLedger, type CellSegment, type Pressure, type Reservation } from "./cell-ledger.ts";
import { adopt, assertLeaf, orphan, subtreePostOrder } from "./lineage.ts";
import { emptyPath, type PathHash, PrefixTrie } from "./prefix-trie.ts";

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
  /** True while a batch with rows of this branch decodes. */
  inFlight: boolean;
}

/** One batch call as it ran, for traces. Positions are those of the first new token. */
export type BatchRecord =
  | { type: "prefill"; entries: { branch: number; position: number; tokens: number }[]; ms: number }
  | { type: "commit"; entries: { branch: number; position: number; token: Token }[]; ms: number };

export interface TreeStats {
  prefillTokens: number;
  /** What a perfect prefix cache would have prefilled: see PrefixTrie. */
  idealPrefillTokens: number;
  decodedTokens: number;
  /** Commit batches: one decode each. */
  ticks: number;
  peakCells: number;
}

/**
 * Lineage, cell ledger and reservations of one context: the only copy, for every backend.
 *
 * Everything synchronous here is logical and immediate; the engine carries it out before its next batch.
 */
export class BranchTree {
  readonly engine: Engine;
  #ledger: CellLedger;
  #trie = new PrefixTrie();
  #observers = new Set<(record: BatchRecord) => void>();
  #nextId = 1;
  #live = new Set<BranchNode>();
  #prefillTokens = 0;
  #decodedTokens = 0;
  #ticks = 0;

  constructor(engine: Engine) {
    this.engine = engine;
    this.#ledger = new CellLedger(engine.capabilities.nCtx);
  }

  get liveBranches(): number {
    return this.#live.size;
  }

  get stats(): TreeStats {
    return {
      prefillTokens: this.#prefillTokens,
      idealPrefillTokens: this.#trie.idealPrefillTokens,
      decodedTokens: this.#decodedTokens,
      ticks: this.#ticks,
      peakCells: this.#ledger.peakCells,
    };
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
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  createRoot(params?: SamplingParams, nBatch?: number, grammar?: string): BranchNode {
    const sampling = resolveSampling(params);
    const sequence = this.engine.open(params, grammar);
    return this.#add({
      sequence,
      sampling,
      nBatch,
      tail: this.#ledger.open(),
      position: 0,
      forkHead: 0,
      path: emptyPath,
    });
  }

  fork(parent: BranchNode): BranchNode {
    this.requireIdle(parent, "fork");
    const sequence = this.engine.fork(parent.sequence);
    const [own, child] = this.#ledger.fork(parent.tail);
    parent.tail = own;
    const { position, path, nBatch, sampling } = parent;
    const node = this.#add({ sequence, sampling, nBatch, tail: child, position, forkHead: position, path });
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

  /** RESTRICT. Pruning twice is a no-op. */
  prune(node: BranchNode): void {
    if (node.disposed) return;
    assertLeaf(node);
    node.disposed = true;
    orphan(node);
    this.#live.delete(node);
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
    const jobs = entries.filter((entry) => entry.tokens.length > 0);
    if (jobs.length === 0) return;
    const total = jobs.reduce((sum, job) => sum + job.tokens.length, 0);
    const record: BatchRecord = {
      type: "prefill",
      entries: jobs.map(({ node, tokens }) => ({ branch: node.id, position: node.position, tokens: tokens.length })),
      ms: 0,
    };
    await this.#decode(
      jobs.map((job) => job.node),
      this.#cellsOf(total),
      record,
      () =>
        this.engine.prefill(jobs.map(({ node, tokens }) => ({ sequence: node.sequence, tokens, nBatch: node.nBatch }))),
      () => {
        for (const { node, tokens } of jobs) {
          this.#advance(node, tokens.length);
          node.path = this.#trie.prefill(node.path, tokens);
        }
        this.#prefillTokens += total;
      },
    );
  }

  /** Accepts and decodes one token per node in one batch. All or nothing. */
  async commit(entries: readonly { node: BranchNode; token: Token }[]): Promise<void> {
    await this.#commitWith(entries, (rows) => this.engine.commit(rows));
  }

  /** `commit`, then the next token of every node: one engine call for a whole tick. */
  async step(entries: readonly { node: BranchNode; token: Token }[]): Promise<Produced[]> {
    const produced = await this.#commitWith(entries, (rows) => this.engine.run(rows));
    return produced.map(([next]) => next as Produced);
  }

  requireLive(node: BranchNode, doing: string): void {
    if (node.disposed) throw new BranchDisposedError({ branch: node.id, doing });
  }

  requireIdle(node: BranchNode, doing: string): void {
    this.requireLive(node, doing);
    if (node.inFlight) throw new BranchInFlightError({ branch: node.id, doing });
  }

  async #commitWith<T>(
    entries: readonly { node: BranchNode; token: Token }[],
    call: (rows: { sequence: SequenceHandle; token: Token }[]) => Promise<T>,
  ): Promise<T> {
    if (entries.length === 0) throw new InvalidArgumentError("a tick needs at least one row.");
    const record: BatchRecord = {
      type: "commit",
      entries: entries.map(({ node, token }) => ({ branch: node.id, position: node.position, token })),
      ms: 0,
    };
    const rows = entries.map(({ node, token }) => ({ sequence: node.sequence, token }));
    return await this.#decode(
      entries.map((entry) => entry.node),
      this.#cellsOf(entries.length),
      record,
      () => call(rows),
      () => {
        for (const { node, token } of entries) {
          this.#advance(node, 1);
          node.path = this.#trie.commit(node.path, token);
        }
        this.#decodedTokens += entries.length;
        this.#ticks += 1;
      },
    );
  }

  /**
   * Holds the cells that a batch will take while it runs, so that no other call is promised the same ones. `land` books
   * what the engine wrote before anybody else can look: the branches are still in flight then.
   */
  async #decode<T>(
    nodes: BranchNode[],
    cells: number,
    record: BatchRecord,
    call: () => Promise<T>,
    land: () => void,
  ): Promise<T> {
    for (const node of nodes) this.requireIdle(node, record.type);
    this.#requireFree(cells, record.type);
    const promised = this.#ledger.reserve(cells);
    for (const node of nodes) node.inFlight = true;
    const started = performance.now();
    try {
      const result = await call();
      promised.release();
      land();
      record.ms = performance.now() - started;
      this.#report(record);
      return result;
    } finally {
      for (const node of nodes) node.inFlight = false;
      promised.release();
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

  // The cells of a node that was pruned in flight were given back at the prune, and are not counted again.
  #advance(node: BranchNode, tokens: number): void {
    if (node.disposed) return;
    node.position += tokens;
    this.#ledger.extend(node.tail, this.#cellsOf(tokens));
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
