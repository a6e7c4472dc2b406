import type { Capabilities } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { BatchLog, type BatchRecord, type Landed, type TreeStats } from "./batch-log.ts";
import type { BranchNode } from "./branch-node.ts";
import type { Drafter } from "./drafter.ts";
import { type DraftedRun, Drafting, type DraftRow } from "./drafting.ts";
import { RadixTree } from "./radix-tree.ts";
import { tellOfLiving } from "./tell-of-living.ts";

/** What one call of the engine has written. */
interface LandedBatch {
  readonly type: BatchRecord["type"];
  /** `lives`: not pruned meanwhile. */
  readonly landed: readonly (Landed & { readonly node: BranchNode; readonly lives: boolean })[];
  /** Of the engine's call. */
  readonly ms: number;
}

/**
 * What stands in the branches of a tree, for those who ask: token lists, guesses, figures.
 *
 * No batch waits for them. What has landed is put down while the next batch decodes (`catchUp`), or as soon as anybody
 * asks; at once where somebody listens.
 */
export class Books {
  readonly #prefixes = new RadixTree<BranchNode>();
  readonly #drafting: Drafting;
  readonly #log = new BatchLog();
  #backlog: LandedBatch[] = [];

  constructor(capabilities: Pick<Capabilities, "draftRows" | "nUbatch">, living: Iterable<BranchNode>) {
    this.#drafting = new Drafting(capabilities, (drafter) =>
      tellOfLiving(drafter, living, (node) => this.tokensOf(node)),
    );
  }

  /** A new branch, with all that `parent` has. */
  opened(node: BranchNode, parent?: BranchNode): void {
    this.catchUp();
    if (parent) node.path = parent.path;
    this.#prefixes.add(node, parent);
    this.#drafting.opened(node.id, parent?.id);
  }

  /** A new branch, with these tokens from a saved state. */
  restored(node: BranchNode, tokens: readonly Token[]): void {
    this.opened(node);
    node.path = this.#log.restored(node.path, tokens);
    this.#prefixes.extend(node, tokens);
    this.#drafting.wrote(node.id, tokens);
  }

  closed(node: BranchNode): void {
    this.catchUp();
    this.#prefixes.remove(node);
    this.#drafting.closed(node.id);
  }

  /** Its cells leave the cache, and nobody finds its tokens there until it `returned`. */
  parked(node: BranchNode): void {
    this.catchUp();
    this.#prefixes.remove(node);
  }

  returned(node: BranchNode, tokens: readonly Token[]): void {
    this.#prefixes.add(node);
    this.#prefixes.extend(node, tokens);
  }

  /** Their positions have moved already. What was pruned meanwhile counts as decoded, and stands nowhere. */
  landed(batch: LandedBatch): void {
    this.#backlog.push(batch);
    if (this.#log.isObserved) this.catchUp();
  }

  catchUp(): void {
    if (this.#backlog.length === 0) return;
    const backlog = this.#backlog.splice(0);
    for (const { type, landed, ms } of backlog) {
      for (const { node, tokens, lives } of landed) if (lives) this.#prefixes.extend(node, tokens);
      if (type === "commit") this.#log.committed(landed, ms);
      else this.#log.prefilled(landed, ms);
    }
    // Last, since a drafter may come back with a call that asks for any of it.
    for (const { landed } of backlog) {
      for (const { node, tokens, lives } of landed) if (lives) this.#drafting.wrote(node.id, tokens);
    }
  }

  /** Tokens from position 0 to the node's head. Cost: O(tokens). */
  tokensOf(node: BranchNode): readonly Token[] {
    this.catchUp();
    return node.parked?.tokens ?? this.#prefixes.tokensOf(node);
  }

  /** As RadixTree. */
  longestPrefix(tokens: readonly Token[], at: "any" | "head"): { node: BranchNode; length: number } | undefined {
    this.catchUp();
    const found = this.#prefixes.longestPrefix(tokens, at);
    return found && { node: found.head, length: found.length };
  }

  draftWith(drafter: Drafter): void {
    this.catchUp();
    this.#drafting.use(drafter);
  }

  /** Before a run that wants guesses. */
  beginDrafts(rows: readonly DraftRow[]): DraftedRun {
    this.catchUp();
    return this.#drafting.begin(rows);
  }

  get stats(): Omit<TreeStats, "peakCells" | "splitBatches"> {
    this.catchUp();
    return this.#log.stats;
  }

  /** Calls `observer` after each batch that succeeded. Returns the function that stops it. */
  observe(observer: (record: BatchRecord) => void): () => void {
    this.catchUp();
    return this.#log.observe(observer);
  }
}
