import type { Engine, GrammarTrigger, Produced, SamplingParams, TokenBias } from "../backend/engine.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { InvalidArgumentError } from "../errors.ts";
import { type BranchNode, requireIdle, requireLive } from "./branch-node.ts";
import { type BranchTree, treeOf } from "./branch-tree.ts";
import { iterate, type Written } from "./iterate.ts";
import { park, unpark } from "./park.ts";

/** For this package's own files: the tree and node behind a handle. */
export let internals: (branch: Branch) => { tree: BranchTree; node: BranchNode };

/** For this package's own files: the one handle of a node. */
export let handleOf: (tree: BranchTree, node: BranchNode) => Branch;

const handles = new WeakMap<BranchNode, Branch>();

/**
 * One line of generation over the shared KV cache: a sequence, its sampler and its last row of logits.
 *
 * Branches form a tree. A fork shares every cell of its parent and costs no decode; only what is written after
 * the fork point is its own. `produce` looks, `commit` writes, and a loop over the branch does both.
 *
 * Once it is disposed, every method but the prunes throws BranchDisposedError, and so do the perplexities. From a call that
 * writes it to that call's end, what would read or change its state throws BranchInFlightError; await the call first.
 *
 * ```ts
 * const root = Branch.create(ctx, 0, { temperature: 0.8, seed: 1 });
 * await root.prefill(tokens);
 * const child = root.forkSync();
 * child.reseedSampler(2);
 * for await (const { text } of child) process.stdout.write(text);
 * root.pruneSubtreeSync();
 * ```
 */
export class Branch {
  readonly #tree: BranchTree;
  readonly #node: BranchNode;

  static {
    internals = (branch) => {
      if (typeof branch !== "object" || branch === null || !(#tree in branch))
        throw new InvalidArgumentError("this is no branch.");
      return { tree: branch.#tree, node: branch.#node };
    };
    handleOf = (tree, node) => handles.get(node) ?? new Branch(tree, node);
  }

  private constructor(tree: BranchTree, node: BranchNode) {
    this.#tree = tree;
    this.#node = node;
    handles.set(node, this);
  }

  /**
   * An empty root. It starts at 0, and after `prefill(tokens)` its position is `tokens.length`.
   *
   * @param position - cells that are held for it until its first tokens have landed: nobody else is promised them. 0 to
   * nCtx; 0 holds none.
   * @param nBatch - most tokens of its prefills, and those of its forks, in one decode: 1 to the context's, the default
   * @param grammar - GBNF, see `setGrammar`
   * @throws SequencesExhaustedError, KvExhaustedError, InvalidArgumentError, GrammarInvalidError. Nothing is leased then.
   */
  static create(
    ctx: SessionContext,
    position: number,
    params?: SamplingParams,
    nBatch?: number,
    grammar?: string,
  ): Branch {
    const { nCtx, nBatch: nBatchMax } = ctx.engine.capabilities;
    if (!Number.isInteger(position) || position < 0 || position > nCtx) {
      throw new InvalidArgumentError(`position ${position} is not within 0 and ${nCtx}.`, { position, nCtx });
    }
    if (nBatch !== undefined && !(Number.isInteger(nBatch) && nBatch >= 1 && nBatch <= nBatchMax)) {
      throw new InvalidArgumentError(`nBatch ${nBatch} is not within 1 and ${nBatchMax}.`, { nBatch, nBatchMax });
    }
    const tree = treeOf(ctx);
    return handleOf(tree, tree.createRoot(tree.batches.cellsOf(position), params, nBatch, grammar));
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

  /** Whether this branch holds a sequence: it does until it is disposed, but not while it is parked. */
  get isActive(): boolean {
    return !this.#node.disposed && !this.#node.parked;
  }

  /** Undefined for roots, and once this branch is disposed. */
  get parent(): Branch | undefined {
    return this.#node.parent && handleOf(this.#tree, this.#node.parent);
  }

  /** The living forks of this branch, oldest first. */
  get children(): Branch[] {
    return [...this.#node.children].map((child) => handleOf(this.#tree, child));
  }

  get isLeaf(): boolean {
    return this.#node.children.size === 0;
  }

  /**
   * exp of the mean surprisal, in nats, of what was committed here and above, under the model's own distribution. At
   * least 1; NaN before the first commit that had logits. Prefilled tokens do not count.
   */
  get perplexity(): number {
    const { engine, sequence } = this.#atRest("perplexity");
    return engine.metrics(sequence).perplexity;
  }

  /**
   * As `perplexity`, under the distribution that was sampled from: after grammar, biases, penalties, truncation and
   * temperature. 1 where every choice was greedy; Infinity after a token that this distribution excludes.
   */
  get samplingPerplexity(): number {
    const { engine, sequence } = this.#atRest("samplingPerplexity");
    return engine.metrics(sequence).samplingPerplexity;
  }

  /**
   * Generates until a stop token, which is not committed. Each token is committed before it is yielded, so that a loop
   * may be left at any point: nothing is produced and not committed.
   *
   * @throws what `produceSync` and `commit` throw, out of the loop. What was yielded is written.
   * @remarks Cost: one decode per token. Many branches at once: `BranchStore.step`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Written> {
    requireLive(this.#node, "iterate");
    return iterate(this);
  }

  /**
   * Appends known tokens to this branch and keeps the logits of the last one.
   *
   * @param tokens - token ids, shape [n]; an empty list is a no-op
   * @throws KvExhaustedError when n is more than the free cells, DecodeFailedError. Position, sampler and logits
   * are as before.
   * @remarks Cost: ceil(n / nBatch) decodes. The tokens pass neither the sampler, its penalty window, nor the grammar.
   */
  prefill(tokens: readonly Token[]): Promise<void> {
    return this.#tree.batches.prefill([{ node: this.#node, tokens }]);
  }

  /**
   * Accepts a token - into penalty window, grammar and perplexities - and writes it to the cache.
   *
   * @throws KvExhaustedError, DecodeFailedError, GrammarRejectedError. The branch is as before.
   * @remarks Cost: one decode.
   */
  commit(token: Token): Promise<void> {
    return this.#tree.batches.commit([{ node: this.#node, tokens: [token] }]);
  }

  /**
   * The next token, without advancing: the same one until something changes.
   *
   * @throws NoLogitsError before any prefill; GrammarInvalidError when the grammar allows no token of the vocabulary,
   * InvalidArgumentError when biases block all that it allows
   * @remarks Cost: O(nVocab), nothing when it is asked again.
   */
  produceSync(): Produced {
    const { engine, sequence } = this.#atRest("produce");
    return engine.produce(sequence);
  }

  /** As `produceSync`; for backends that are far away. */
  async produce(): Promise<Produced> {
    return this.produceSync();
  }

  /**
   * Draws a token from the logits by the sampler, without advancing: another draw at each call, where `produce` gives the
   * same one. Greedy parameters draw what `produce` gives. Throws and costs as `produceSync`.
   */
  sample(): Token {
    const { engine, sequence } = this.#atRest("sample");
    return engine.sample(sequence);
  }

  /**
   * Puts a token into the penalty window, as a commit would, and nowhere else: no cell, no grammar, no perplexity.
   *
   * @throws InvalidArgumentError when it is no token of the vocabulary
   */
  accept(token: Token): void {
    const { engine, sequence } = this.#atRest("accept");
    engine.accept(sequence, token);
  }

  /**
   * A child at this branch's head: shares its cells, copies its logits, sampler, generator, penalty window, logit bias,
   * grammar and perplexities. Not its steer. It draws what its parent draws until one of them is reseeded.
   *
   * @throws SequencesExhaustedError. Nothing is leased then.
   * @remarks Cost: no decode and no cell. Many at once: `BranchStore.forkMany`.
   */
  forkSync(): Branch {
    return handleOf(this.#tree, this.#tree.fork(this.#node));
  }

  /** As `forkSync`; for backends that are far away. */
  async fork(): Promise<Branch> {
    return this.forkSync();
  }

  /**
   * GBNF that constrains what follows, from its root rule. Empty or undefined removes the constraint, a lazy one too.
   *
   * @throws GrammarInvalidError. The grammar before stays.
   */
  setGrammar(grammar?: string): void {
    const { engine, sequence } = this.#atRest("setGrammar");
    engine.setGrammar(sequence, grammar || undefined);
  }

  /**
   * A grammar that waits: until one of the triggers fires everything is allowed, except a token that fires one with text
   * that the grammar refuses. From there on the grammar constrains. Only committed text counts; set it again after a
   * tool result.
   *
   * ```ts
   * branch.setGrammarLazy(toolCallGrammar, [{ type: "word", text: "<tool_call>" }]);
   * ```
   *
   * @throws GrammarInvalidError; InvalidArgumentError for no trigger, one that could never fire, or a pattern where the
   * backend's `capabilities.patternTriggers` is false. The grammar before stays.
   */
  setGrammarLazy(grammar: string, triggers: readonly GrammarTrigger[]): void {
    const { engine, sequence } = this.#atRest("setGrammarLazy");
    engine.setLazyGrammar(sequence, grammar, triggers);
  }

  /**
   * Adds to the logits of single tokens, in place of the biases before, for this branch and what is forked from it.
   *
   * @param biases - one entry per token, -Infinity blocks it; entries for one token add up
   * @throws InvalidArgumentError: no token of the vocabulary, NaN, +Infinity. The biases before stay.
   */
  setLogitBias(biases: readonly TokenBias[]): void {
    const { engine, sequence } = this.#atRest("setLogitBias");
    engine.setLogitBias(sequence, biases);
  }

  clearLogitBias(): void {
    this.setLogitBias([]);
  }

  /** As `setLogitBias`, on top of it, and for this branch alone: a fork does not inherit it. For constraints of a step. */
  steer(biases: readonly TokenBias[]): void {
    const { engine, sequence } = this.#atRest("steer");
    engine.setSteer(sequence, biases);
  }

  clearSteer(): void {
    this.steer([]);
  }

  /**
   * Other sampling parameters in place of those before; what is left out takes its default, except the seed, which stays.
   * Equal ones are a no-op. The penalty window stays, Mirostat begins anew.
   *
   * @throws InvalidArgumentError for a parameter that is unknown or out of range. Those before stay.
   */
  setSamplerParams(params: SamplingParams): void {
    this.#tree.setSampling(this.#node, params);
  }

  /**
   * Another seed. Without one, forks draw alike. Nothing changes at temperature 0.
   *
   * @param seed - an integer in [0, 2^32); InvalidArgumentError for another
   */
  reseedSampler(seed: number): void {
    this.#tree.reseed(this.#node, seed);
  }

  /** An independent copy of the raw logits after the last token, shape [nVocab]. Throws NoLogitsError. */
  getLogits(): Float32Array {
    const { engine, sequence } = this.#atRest("getLogits");
    return engine.row(sequence);
  }

  /** How undecided the model is here: the entropy of its raw distribution, 0 to ln(nVocab) nats. Throws NoLogitsError. */
  modelEntropy(base: "nats" | "bits" = "nats"): number {
    const { engine, sequence } = this.#atRest("modelEntropy");
    return engine.entropy(sequence) / unitOf(base);
  }

  /**
   * How little the model expected `token` here: -log of its probability in the raw distribution.
   *
   * @throws NoLogitsError, InvalidArgumentError
   */
  modelSurprisal(token: Token, base: "nats" | "bits" = "nats"): number {
    const { engine, sequence } = this.#atRest("modelSurprisal");
    return engine.surprisal(sequence, token) / unitOf(base);
  }

  /**
   * Takes the cells of this branch out of the cache, and its sequence with them, until `unpark`. What it shares with its
   * parent stays with its parent; only what came after the fork is taken out. It can be pruned meanwhile, and everything
   * else that reads or changes it throws BranchParkedError.
   *
   * ```ts
   * await branch.park();
   * const result = await slowTool();   // others use the cells and the sequence
   * await branch.unpark();
   * await branch.prefill(result);
   * ```
   *
   * @param path - a file for them, readable for its owner only; it is not removed. In memory where it is left out
   * @throws BranchHasChildrenError while it has children, parked ones too; InvalidArgumentError for a fork where
   * `capabilities.canSaveForks` is false; StateFileError, DecodeFailedError. The branch is as before.
   * @remarks Cost: a copy of its cells and of its logits; no decode.
   */
  park(path?: string): Promise<void> {
    return park(this.#tree, this.#node, path);
  }

  /**
   * Brings a parked branch back, as it was: logits, sampler, grammar and perplexities are equal bit by bit. A branch that is
   * not parked stays as it is. What it writes next is equal bit by bit too where its cells come to lie in the same order;
   * among others that were written meanwhile, sums are taken in another order, and logits differ in their last bits.
   *
   * @throws KvExhaustedError, SequencesExhaustedError; StateFileError and StateInvalidError where its file is gone or
   * another one. It stays parked, and may be brought back later.
   * @remarks Cost: a copy of its cells; no decode.
   */
  unpark(): Promise<void> {
    return unpark(this.#tree, this.#node);
  }

  /** RESTRICT: throws BranchHasChildrenError while children live. Pruning twice is a no-op. Also while a batch decodes it. */
  pruneSync(): void {
    this.#tree.prune(this.#node);
  }

  /** As `pruneSync`; for backends that are far away. */
  async prune(): Promise<void> {
    this.pruneSync();
  }

  /** CASCADE: this branch and all of its descendants. Also while a batch decodes them. */
  pruneSubtreeSync(): void {
    this.#tree.pruneSubtree(this.#node);
  }

  /** As `pruneSubtreeSync`; for backends that are far away. */
  async pruneSubtree(): Promise<void> {
    this.pruneSubtreeSync();
  }

  #atRest(doing: string): { engine: Engine; sequence: SequenceHandle } {
    requireIdle(this.#node, doing);
    return { engine: this.#tree.engine, sequence: this.#node.sequence };
  }
}

/** One of this unit, in nats. */
function unitOf(base: "nats" | "bits"): number {
  if (base === "nats") return 1;
  if (base === "bits") return Math.LN2;
  throw new InvalidArgumentError("a base is nats or bits.", { base: String(base) });
}
