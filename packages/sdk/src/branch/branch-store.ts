import type { Capabilities, Produced } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { requireObjects, requirePairs, requireTokens } from "../backend/require-objects.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { InvalidArgumentError } from "../errors.ts";
import { readState } from "../state/state-file.ts";
import type { BatchRecord, TreeStats } from "./batch-log.ts";
import { type Branch, handleOf, internals } from "./branch.ts";
import type { BranchNode } from "./branch-node.ts";
import { type BranchTree, treeOf } from "./branch-tree.ts";
import type { Pressure, Reservation } from "./cell-ledger.ts";
import type { Drafter } from "./drafter.ts";
import { restore, type SaveScope, saveBytes, saveFile } from "./save-tree.ts";

export type { SaveScope };

export interface StoreRunOptions {
  /** Most decodes. At least 1, the default. */
  maxTicks?: number;
  /** Most tokens that a branch produces. At least 1; `maxTicks` by default. Only guesses bring more than one per decode. */
  maxTokens?: number;
  /**
   * Guesses what comes from what stands in the context - tool results, siblings, the branch's own text - and from what the
   * grammar forces, and has the model verify it in the same decode: a right guess spares one. The tokens are those that come without guesses, given equal
   * logits. Rows in one batch change the rounding of each other's logits, so on real models a token whose runner-up is
   * as good may differ. Batches that are wide already have no guesses, nor have models that cannot take tokens back
   * (`capabilities.draftRows` is 0). Default false.
   */
  draft?: boolean;
  /** Asked after each token, with the text that the branch has produced in this run. True ends it for that branch. */
  until?: (branch: Branch, text: string) => boolean;
}

/**
 * Many branches of one context, advanced together.
 *
 * Calls of different callers share decodes (group commit). One that finds nothing under way goes at once; those that come
 * while it decodes share the next batch: `commit` and `step` up to `nUbatch` rows, `prefill` up to `nBatch`. So callers
 * side by side share every decode but their first. Each call is all or nothing by itself: a shared batch that fails is
 * taken back, and its calls are run one by one (`stats.splitBatches`). Each caller is told what it would have been told
 * alone, and its branches are in flight, and its cells promised, until then.
 */
export class BranchStore {
  readonly #tree: BranchTree;

  constructor(ctx: SessionContext) {
    this.#tree = treeOf(ctx);
  }

  /**
   * Appends known tokens to many branches, packed into as few decodes as fit.
   *
   * @throws KvExhaustedError, DecodeFailedError. Every branch is as before: all or nothing.
   */
  async prefill(entries: readonly (readonly [Branch, readonly Token[]])[]): Promise<void> {
    requirePairs(entries);
    await this.#tree.batches.prefill(entries.map(([branch, tokens]) => ({ node: this.#nodeOf(branch), tokens })));
  }

  /**
   * Accepts one token per branch and writes them all with one decode.
   *
   * @throws KvExhaustedError, DecodeFailedError, GrammarRejectedError; InvalidArgumentError for more rows than `nUbatch`.
   * Every branch is as before.
   */
  async commit(entries: readonly (readonly [Branch, Token])[]): Promise<void> {
    await this.#tree.batches.commit(this.#rowsOf(entries));
  }

  /**
   * `commit`, then `produceSync` for every branch: one call for a whole tick. The produced tokens stay as memos,
   * so a `produceSync` that follows costs nothing. The place of a branch that was pruned meanwhile is undefined.
   * Failures as `commit`.
   */
  async step(entries: readonly (readonly [Branch, Token])[]): Promise<(Produced | undefined)[]> {
    return await this.#tree.batches.step(this.#rowsOf(entries));
  }

  /**
   * The macro-step: up to `maxTicks` steps in one call, each branch going on with what it produced. A branch leaves the
   * run at its stop token, or where `until` holds. Resolves to what each produced, in the order of the entries: all but
   * the last token of each are written, and the last is its memo. A branch that was pruned meanwhile has produced nothing.
   *
   * For backends that are far away, for loops that need not look at every token, and for guesses (`draft`). One of more than
   * one tick shares its decodes with nobody.
   *
   * ```ts
   * const [produced] = await store.run([[branch, token]], { maxTicks: 1, maxTokens: 6, draft: true });
   * ```
   *
   * @throws as `commit`, and what `until` throws. All or nothing: every branch is as before the first tick.
   * @remarks Cost: a decode per tick; entries x `maxTokens` cells are promised to it until it ends.
   */
  async run(entries: readonly (readonly [Branch, Token])[], options: StoreRunOptions = {}): Promise<Produced[][]> {
    requireObjects("options", [options]);
    const { maxTicks = 1, maxTokens = maxTicks, until, draft = false } = options;
    return await this.#tree.batches.run(this.#rowsOf(entries), {
      maxTicks,
      maxTokens,
      draft,
      until: until && ((node, text) => until(handleOf(this.#tree, node), text)),
    });
  }

  /** Who guesses for runs with `draft`, in place of `PromptLookup`. It is told of all that lives, and hears of what comes. */
  draftWith(drafter: Drafter): void {
    this.#tree.books.draftWith(drafter);
  }

  /**
   * `count` children of one branch, each as by `forkSync`: all of them or none.
   *
   * @throws SequencesExhaustedError, BranchInFlightError, InvalidArgumentError when `count` is no whole number
   */
  forkMany(branch: Branch, count: number): Branch[] {
    return this.#tree.forkMany(this.#nodeOf(branch), count).map((node) => handleOf(this.#tree, node));
  }

  /**
   * The living branch whose tokens begin with as many of `tokens` as can be, whoever wrote them, and how many that are;
   * undefined when no branch begins with the first of them. What a call writes counts once it has landed.
   *
   * ```ts
   * const found = store.longestPrefix(prompt); // one in flight is found too, and cannot be forked until its call ends
   * const branch = found ? found.branch.forkSync() : Branch.create(ctx, 0);
   * await branch.prefill(prompt.slice(found?.length ?? 0));
   * ```
   *
   * @param at - `head` (the default): only branches that hold these tokens and no more, so that a fork goes on from
   * there, with the sampler, biases and grammar that its parent has. `any`: wherever in a branch. Forks are made at heads
   * only as yet, so this tells what one at an earlier position would spare, where `capabilities.canForkAt` is `any`.
   * @remarks Cost: O(tokens.length + living branches), no decode; 8 bytes per cell in use.
   */
  longestPrefix(
    tokens: readonly Token[],
    at: Capabilities["canForkAt"] = "head",
  ): { branch: Branch; length: number } | undefined {
    requireTokens(tokens);
    const found = this.#tree.books.longestPrefix(tokens, at);
    return found && { branch: handleOf(this.#tree, found.node), length: found.length };
  }

  /**
   * Cells that no prefill or commit may take until released. Throws KvExhaustedError when fewer are free, and
   * InvalidArgumentError when `cells` is no whole number.
   */
  reserve(cells: number): Reservation {
    return this.#tree.reserve(cells);
  }

  pressure(): Pressure {
    return this.#tree.pressure();
  }

  /** Branches alive on this context, parked ones too. */
  get liveBranches(): number {
    return this.#tree.liveBranches;
  }

  /** Sequences that can still be leased. */
  get available(): number {
    return this.#tree.engine.capabilities.nSeqMax - this.#tree.activeBranches;
  }

  get stats(): TreeStats {
    return this.#tree.batches.stats;
  }

  /**
   * Calls `observer` after each batch that succeeded. Returns the function that stops it. One that throws undoes nothing:
   * it is called no more, and the process is warned (`LISTENER_FAILED`).
   */
  observe(observer: (record: BatchRecord) => void): () => void {
    return this.#tree.books.observe(observer);
  }

  /**
   * A branch with all of its descendants, or alone, as bytes: tokens, cells, logits, samplers, grammars and topology.
   * It stays as it is. `restore` takes them, on a context of the same model, build and options.
   *
   * They hold all that was written, in plain form: keep them as you keep the conversation itself.
   *
   * @throws BranchDisposedError, BranchInFlightError when one of them is; BranchParkedError for a parked `branch` (parked
   * descendants are saved as they are); InvalidArgumentError for forks where `capabilities.canSaveForks` is false
   * @remarks Cost: two copies of the cells, in memory. What they share is saved once. The digest takes about a second per
   * gigabyte; the event loop turns meanwhile.
   */
  save(branch: Branch, scope: SaveScope = "subtree"): Promise<Uint8Array> {
    return saveBytes(this.#tree, this.#nodeOf(branch), scope);
  }

  /** As `save`, into a file, whole or not at all; readable for its owner only. Throws StateFileError too. */
  saveFile(path: string, branch: Branch, scope: SaveScope = "subtree"): Promise<void> {
    return saveFile(this.#tree, this.#nodeOf(branch), scope, path);
  }

  /**
   * The branch that was saved, with its descendants, beside all that lives: a root with ids of its own. All of it is checked
   * before the engine sees any of it.
   *
   * @throws StateInvalidError for damaged bytes; StateMismatchError for another model, build or context; KvExhaustedError,
   * SequencesExhaustedError. All or nothing: every branch is as before, and nothing is leased.
   * @remarks Cost: two copies of the cells; no decode. Each branch takes a sequence, also one that was parked. The digest
   * takes about a second per gigabyte; the event loop turns meanwhile, so `bytes` must stay as they are until this is
   * done.
   */
  async restore(bytes: Uint8Array): Promise<Branch> {
    return handleOf(this.#tree, await restore(this.#tree, bytes));
  }

  /** As `restore`, from a file. Throws StateFileError too. */
  async restoreFile(path: string): Promise<Branch> {
    return await this.restore(await readState(path));
  }

  /**
   * Moves all cells to the front of the cache. With llama.cpp's own attention (on a GPU, over quantised caches) a batch takes
   * as long as the highest cell in use is high, whoever holds it: worth its cost after a prune has left few cells, high up.
   * Attention of our own passes over the holes, so that there is little to win. Nothing else changes.
   *
   * @throws BranchInFlightError while any branch is in flight; DecodeFailedError
   * @remarks Cost: two copies of all cells in use, and a pass over the whole cache.
   */
  compact(): Promise<void> {
    return this.#tree.compact();
  }

  /** The engine's own count of cells once all calls so far have ended, for comparison with `pressure().used`. */
  countCells(): Promise<number> {
    return this.#tree.batches.countCells();
  }

  #rowsOf(entries: readonly (readonly [Branch, Token])[]): { node: BranchNode; tokens: Token[] }[] {
    requirePairs(entries);
    return entries.map(([branch, token]) => ({ node: this.#nodeOf(branch), tokens: [token] }));
  }

  #nodeOf(branch: Branch): BranchNode {
    const { tree, node } = internals(branch);
    if (tree !== this.#tree)
      throw new InvalidArgumentError("this branch belongs to another context.", { branch: node.id });
    return node;
  }
}
