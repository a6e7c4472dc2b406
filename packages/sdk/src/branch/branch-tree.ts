import type { Engine, SamplingParams } from "../backend/engine.ts";
import type { SequenceHandle } from "../backend/ids.ts";
import { isSameSampling, resolveSampling } from "../backend/sampling.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { BranchInFlightError, InvalidArgumentError } from "../errors.ts";
import type { SavedBranch } from "../state/saved-branch.ts";
import { Books } from "./books.ts";
import { BranchBatches } from "./branch-batches.ts";
import { type BranchNode, type ParkedNode, requireIdle } from "./branch-node.ts";
import { CellLedger, type Pressure, type Reservation } from "./cell-ledger.ts";
import { adopt, assertLeaf, orphan, subtreePostOrder } from "./lineage.ts";
import { emptyPath } from "./prefix-trie.ts";

/**
 * Lineage, cell ledger and reservations of one context: the only copy, for every backend.
 *
 * Everything synchronous here is logical and immediate; the engine carries it out before its next batch.
 */
export class BranchTree {
  readonly engine: Engine;
  /** What its branches write. */
  readonly batches: BranchBatches;
  /** What they have written. */
  readonly books: Books;
  readonly #ledger: CellLedger;
  readonly #live = new Set<BranchNode>();
  readonly #parked = new Set<BranchNode>();
  #nextId = 1;

  constructor(engine: Engine) {
    this.engine = engine;
    this.#ledger = new CellLedger(engine.capabilities.nCtx);
    this.books = new Books(engine.capabilities, this.#live);
    this.batches = new BranchBatches({ engine, ledger: this.#ledger, books: this.books });
  }

  get liveBranches(): number {
    return this.#live.size;
  }

  /** Those that hold a sequence. */
  get activeBranches(): number {
    return this.#live.size - this.#parked.size;
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
    this.#ledger.requireFree(cells, "a reservation");
    return this.#ledger.reserve(cells);
  }

  /** @param reserved - cells that are promised to it until its first tokens have landed */
  createRoot(reserved: number, params?: SamplingParams, nBatch?: number, grammar?: string): BranchNode {
    const sampling = resolveSampling(params);
    this.#ledger.requireFree(reserved, "a new branch");
    const sequence = this.engine.open(params, grammar || undefined);
    const node = this.#add({
      sequence,
      sampling,
      nBatch,
      promised: reserved > 0 ? this.#ledger.reserve(reserved) : undefined,
      tail: this.#ledger.open(),
      position: 0,
      forkHead: 0,
    });
    this.books.opened(node);
    return node;
  }

  fork(parent: BranchNode): BranchNode {
    requireIdle(parent, "fork");
    const sequence = this.engine.fork(parent.sequence);
    const child = this.#ledger.fork(parent.tail);
    const { position, nBatch, sampling } = parent;
    const node = this.#add({ sequence, sampling, nBatch, tail: child, position, forkHead: position });
    this.books.opened(node, parent);
    adopt(parent, node);
    return node;
  }

  /** All or nothing. Throws SequencesExhaustedError, BranchInFlightError. */
  forkMany(parent: BranchNode, count: number): BranchNode[] {
    requireIdle(parent, "fork");
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
    requireIdle(node, "setSamplerParams");
    resolveSampling(params); // as it was given: a spread makes an object of anything
    const given = { ...params, seed: params.seed ?? node.sampling.seed };
    const sampling = resolveSampling(given);
    if (isSameSampling(sampling, node.sampling)) return;
    this.engine.setSampling(node.sequence, given);
    node.sampling = sampling;
  }

  reseed(node: BranchNode, seed: number): void {
    requireIdle(node, "reseedSampler");
    // Left out it would be 0 for all: forks that are to differ would say the same.
    if (seed === undefined) throw new InvalidArgumentError("a seed is a whole number.");
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
    this.books.closed(node);
    this.#ledger.release(node.tail);
    // What is being written for it takes its cells all the same; then the call lets go of them.
    if (!node.inFlight) node.promised?.release();
    if (node.parked) this.#parked.delete(node);
    else this.engine.close(node.sequence);
  }

  /** CASCADE: the node and all of its descendants, children first. */
  pruneSubtree(node: BranchNode): void {
    if (node.disposed) return;
    for (const each of subtreePostOrder(node)) this.prune(each);
  }

  /** RESTRICT has held it to be a leaf: its parent keeps what the two share. Its own cells and its sequence are free. */
  leave(node: BranchNode, load: ParkedNode["load"]): void {
    const tokens = this.books.tokensOf(node);
    this.engine.close(node.sequence);
    this.books.parked(node);
    this.#parked.add(node);
    node.parked = { tokens, cells: this.#ledger.empty(node.tail), load };
  }

  /** A parked node is back, as this sequence. */
  comeBack(node: BranchNode, sequence: SequenceHandle): void {
    const { parked } = node;
    if (!parked) return;
    node.sequence = sequence;
    node.parked = undefined;
    this.#parked.delete(node);
    this.#ledger.extend(node.tail, parked.cells);
    this.books.returned(node, parked.tokens);
  }

  /** A node for a sequence that was restored: a fork of `parent` at `forkHead`, with these tokens from there on. */
  addRestored(
    sequence: SequenceHandle,
    { forkHead, nBatch, tokens, image }: Pick<SavedBranch, "forkHead" | "nBatch" | "tokens" | "image">,
    parent: BranchNode | undefined,
  ): BranchNode {
    const shared = parent ? this.books.tokensOf(parent).slice(0, forkHead) : [];
    const all = [...shared, ...tokens];
    const back = this.batches.cellsOf((parent?.position ?? 0) - forkHead);
    const node = this.#add({
      sequence,
      sampling: image.sampling,
      nBatch,
      tail: parent ? this.#ledger.fork(parent.tail, back) : this.#ledger.open(),
      position: all.length,
      forkHead,
    });
    this.#ledger.extend(node.tail, this.batches.cellsOf(tokens.length));
    this.books.restored(node, all);
    if (parent) adopt(parent, node);
    return node;
  }

  /** Throws BranchInFlightError while anything is under way. */
  async compact(): Promise<void> {
    for (const node of this.#live)
      if (node.inFlight) throw new BranchInFlightError({ branch: node.id, doing: "compact" });
    if (this.engine.capabilities.cellsPerToken === 0) return;
    await this.batches.hold("compact", [...this.#live], 0, () => this.engine.compact());
  }

  #add(
    of: Pick<BranchNode, "sequence" | "sampling" | "nBatch" | "tail" | "position" | "forkHead"> &
      Partial<Pick<BranchNode, "promised">>,
  ): BranchNode {
    const id = this.#nextId++;
    const node: BranchNode = {
      id,
      promised: undefined,
      path: emptyPath,
      ...of,
      parent: undefined,
      children: new Set(),
      disposed: false,
      parked: undefined,
      inFlight: false,
    };
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
