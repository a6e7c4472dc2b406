import type { Produced, SamplingParams } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { InvalidArgumentError } from "../errors.ts";
import { type BranchNode, type BranchTree, treeOf } from "./branch-tree.ts";

/** For this package's own files: the tree and node behind a handle. */
export let internals: (branch: Branch) => { tree: BranchTree; node: BranchNode };

/**
 * One line of generation over the shared KV cache: a sequence, its sampler and its last row of logits.
 *
 * Branches form a tree. A fork shares every cell of its parent and costs no decode; only what is written after
 * the fork point is its own. `produce` looks, `commit` writes.
 *
 * ```ts
 * const root = Branch.create(ctx, 0, { temperature: 0.8, seed: 1 });
 * await root.prefill(tokens);
 * const child = root.forkSync();
 * for (let next = child.produceSync(); !next.isStop; next = child.produceSync()) await child.commit(next.token);
 * root.pruneSubtreeSync();
 * ```
 */
export class Branch {
  readonly #tree: BranchTree;
  readonly #node: BranchNode;
  #owner: Branch | undefined;

  static {
    internals = (branch) => ({ tree: branch.#tree, node: branch.#node });
  }

  private constructor(tree: BranchTree, node: BranchNode, owner: Branch | undefined) {
    this.#tree = tree;
    this.#node = node;
    this.#owner = owner;
  }

  /**
   * An empty root. `position` reserves nothing yet and is checked only: an empty root starts at 0, and after
   * `prefill(tokens)` its position is `tokens.length`.
   *
   * @throws SequencesExhaustedError, InvalidArgumentError, GrammarInvalidError. Nothing is leased then.
   */
  static create(
    ctx: SessionContext,
    position: number,
    params?: SamplingParams,
    nBatch?: number,
    grammar?: string,
  ): Branch {
    const { nCtx } = ctx.engine.capabilities;
    if (!Number.isInteger(position) || position < 0 || position > nCtx) {
      throw new InvalidArgumentError(`position ${position} is not within 0 and ${nCtx}.`, { position, nCtx });
    }
    if (nBatch !== undefined && nBatch !== ctx.engine.capabilities.nBatch) {
      throw new InvalidArgumentError(
        "a batch size of one branch's own is not supported yet.",
        { nBatch },
        "Leave it out.",
      );
    }
    const tree = treeOf(ctx);
    return new Branch(tree, tree.createRoot(params, grammar), undefined);
  }

  /** Names the branch in traces and events; unique within its context. */
  get id(): number {
    return this.#node.id;
  }

  /** Tokens from position 0 up to here, the shared prefix included. */
  get position(): number {
    return this.#node.position;
  }

  /** Position at which this branch left its parent; 0 for roots. */
  get forkHead(): number {
    return this.#node.forkHead;
  }

  get disposed(): boolean {
    return this.#node.disposed;
  }

  get parent(): Branch | undefined {
    return this.#node.parent ? this.#owner : undefined;
  }

  get isLeaf(): boolean {
    return this.#node.children.size === 0;
  }

  /**
   * Appends known tokens to this branch and keeps the logits of the last one.
   *
   * @param tokens - token ids, shape [n]; an empty list is a no-op
   * @throws KvExhaustedError when n is more than the free cells, DecodeFailedError. Position, sampler and logits
   * are as before.
   * @remarks Cost: ceil(n / nBatch) decodes. The tokens pass neither the sampler nor the grammar.
   */
  prefill(tokens: readonly Token[]): Promise<void> {
    return this.#tree.prefill([{ node: this.#node, tokens }]);
  }

  /**
   * Accepts a token and writes it to the cache.
   *
   * @throws KvExhaustedError, DecodeFailedError, GrammarRejectedError. The branch is as before.
   */
  commit(token: Token): Promise<void> {
    return this.#tree.commit([{ node: this.#node, token }]);
  }

  /**
   * The next token, without advancing: the same one until something changes.
   *
   * @throws NoLogitsError before any prefill, BranchInFlightError during a batch
   */
  produceSync(): Produced {
    this.#tree.requireIdle(this.#node, "produce");
    return this.#tree.engine.produce(this.#node.sequence);
  }

  async produce(): Promise<Produced> {
    return this.produceSync();
  }

  /**
   * A child at this branch's head: shares its cells, copies its sampler, grammar and logits.
   *
   * @throws SequencesExhaustedError, BranchInFlightError. Nothing is leased then.
   */
  forkSync(): Branch {
    return new Branch(this.#tree, this.#tree.fork(this.#node), this);
  }

  async fork(): Promise<Branch> {
    return this.forkSync();
  }

  /** GBNF that constrains what follows, from its root rule. Empty or undefined removes the constraint. */
  setGrammar(grammar?: string): void {
    this.#tree.requireIdle(this.#node, "setGrammar");
    this.#tree.engine.setGrammar(this.#node.sequence, grammar || undefined);
  }

  setSamplerParams(params: SamplingParams): void {
    this.#tree.requireIdle(this.#node, "setSamplerParams");
    this.#tree.engine.setSampling(this.#node.sequence, params);
  }

  /** An independent copy of the raw logits after the last token, shape [nVocab]. Throws NoLogitsError. */
  getLogits(): Float32Array {
    this.#tree.requireIdle(this.#node, "getLogits");
    return this.#tree.engine.row(this.#node.sequence);
  }

  /** RESTRICT: throws BranchHasChildrenError while children live. Pruning twice is a no-op. */
  pruneSync(): void {
    this.#tree.prune(this.#node);
  }

  async prune(): Promise<void> {
    this.pruneSync();
  }

  /** CASCADE: this branch and all of its descendants. Also while a batch decodes them. */
  pruneSubtreeSync(): void {
    this.#tree.pruneSubtree(this.#node);
  }

  async pruneSubtree(): Promise<void> {
    this.pruneSubtreeSync();
  }
}
