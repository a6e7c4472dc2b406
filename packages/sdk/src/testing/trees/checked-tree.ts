import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import type { SessionContext } from "../../backend/session-context.ts";
import type { Branch } from "../../branch/branch.ts";
import { BranchStore } from "../../branch/branch-store.ts";
import type { Reservation } from "../../branch/cell-ledger.ts";
import { type InferenceErrorCode, isInferenceError } from "../../errors.ts";
import { lengthOf, ModelTree, type Told } from "./model-tree.ts";

interface Call {
  /** What it was promised. */
  readonly cells: number;
  /** Resolves when the call has ended, as it should or not. */
  readonly done: Promise<void>;
}

/** What a call tells to whom. */
export type Entries = ReadonlyMap<Branch, readonly Told[]>;

export interface CallTraits {
  /** The code of a mistake that was put into its entries on purpose. */
  mustFail?: InferenceErrorCode;
  /** Of a run: it may write as many tokens per row. Default 1. */
  ticks?: number;
}

/** A tree on a backend beside its model. Every call is checked when it ends, all of it whenever nothing is in flight. */
export class CheckedTree {
  readonly ctx: SessionContext;
  readonly store: BranchStore;
  readonly model = new ModelTree();
  readonly reservations: Reservation[] = [];
  /** Branches that a call is working on. */
  readonly flying = new Set<Branch>();
  /** Whether the engine may fail calls that it ought to serve. */
  isFaulty = false;
  drained = 0;
  failures = 0;
  prunedInFlight = 0;
  parkings = 0;
  /** What parked branches were before. */
  readonly #parked = new Map<Branch, unknown>();
  readonly #hiddenCells: number;
  readonly #calls = new Set<Call>();
  /** The first thing that a call did and should not have done. */
  #mistake: { error: unknown } | undefined;

  /** @param hiddenCells - of one sequence that the engine holds and the ledger does not know of */
  constructor(ctx: SessionContext, hiddenCells: number) {
    this.ctx = ctx;
    this.#hiddenCells = hiddenCells;
    this.store = new BranchStore(ctx);
  }

  get callsUnderWay(): number {
    return this.#calls.size;
  }

  get splitBatches(): number {
    return this.store.stats.splitBatches;
  }

  get leasesLeft(): number {
    return this.store.available - (this.#hiddenCells > 0 ? 1 : 0);
  }

  /** Cells that the next call may ask for. */
  get free(): number {
    const promised = [...this.#calls, ...this.reservations].reduce((sum, { cells }) => sum + cells, 0);
    return this.ctx.engine.capabilities.nCtx - this.model.used - promised;
  }

  /**
   * Starts a call of the store, knowing whether it must be refused. Where what it wrote is known only afterwards, `send`
   * resolves to that, as Entries.
   */
  call(entries: Entries, send: () => Promise<unknown>, { mustFail, ticks = 1 }: CallTraits = {}): void {
    if (entries.size === 0) return;
    const cells = ticks * [...entries.values()].flat().reduce((sum, told) => sum + lengthOf(told), 0);
    const before = new Map([...entries.keys()].map((branch) => [branch, stateOf(branch)]));
    const hasRoom = cells <= this.free;
    if (hasRoom) for (const branch of entries.keys()) this.flying.add(branch);

    const requireUnchanged = () => {
      for (const [branch, state] of before) {
        if (this.model.branches.has(branch)) assert.deepEqual(stateOf(branch), state, "a failed call changes nothing");
      }
    };
    const land = () => {
      this.#calls.delete(call);
      if (hasRoom) for (const branch of entries.keys()) this.flying.delete(branch);
    };
    const succeeded = (result: unknown) => {
      land();
      assert.ok(hasRoom, "a call was admitted that does not fit");
      // A branch that goes before its turn takes its mistake along.
      const isWhole = [...entries.keys()].every((branch) => this.model.branches.has(branch));
      assert.ok(!mustFail || !isWhole, `${mustFail} was expected`);
      const written: Entries = result instanceof Map ? result : entries;
      for (const [branch, told] of written) this.model.tell(branch, ...told);
    };
    const failed = (error: unknown) => {
      land();
      if (!isInferenceError(error)) throw error;
      this.#requireReason(error.code, hasRoom, mustFail);
      if (hasRoom) requireUnchanged();
    };
    const done = send()
      .then(succeeded, failed)
      .catch((error: unknown) => {
        this.#mistake ??= { error };
      });
    const call: Call = { cells: hasRoom ? cells : 0, done };
    // What the ledger refuses is refused at once, and its branches are free for the next call.
    if (!hasRoom) requireUnchanged();
    this.#calls.add(call);
  }

  /** A leaf at rest leaves the cache, whatever is in flight beside it. */
  async park(branch: Branch): Promise<void> {
    this.#parked.set(branch, stateOf(branch));
    await branch.park();
    this.model.of(branch).isParked = true;
    this.parkings++;
  }

  /** It comes back as it was, or stays away for a reason. */
  async unpark(branch: Branch): Promise<void> {
    const model = this.model.of(branch);
    const needed = model.cells.length - model.forkHead;
    const mustFail = needed > this.free ? "KV_EXHAUSTED" : this.leasesLeft === 0 ? "SEQUENCES_EXHAUSTED" : undefined;
    try {
      await branch.unpark();
    } catch (error) {
      if (!isInferenceError(error)) throw error;
      this.#requireReason(error.code, mustFail === undefined, mustFail);
      assert.equal(branch.isActive, false);
      return;
    }
    assert.equal(mustFail, undefined, "it came back where there was no place");
    model.isParked = false;
    assert.deepEqual(stateOf(branch), this.#parked.get(branch), "it comes back as it was");
  }

  pruneSubtree(branch: Branch): void {
    const before = this.model.living;
    branch.pruneSubtreeSync();
    this.model.pruneSubtree(branch);
    this.prunedInFlight += before.filter((each) => each.disposed && this.flying.has(each)).length;
  }

  /** Waits for the call that began first. */
  async waitForOne(): Promise<void> {
    for (const { done } of this.#calls) return await done;
  }

  /** Waits for all calls, and compares tree, model and engine. Rejects with the first difference so far. */
  async drain(): Promise<void> {
    await Promise.all([...this.#calls].map(({ done }) => done));
    if (this.#mistake) throw this.#mistake.error;
    this.drained++;
    const { used, shared, living, active } = this.model;
    const { nCtx, nSeqMax } = this.ctx.engine.capabilities;
    const reserved = this.reservations.reduce((sum, { cells }) => sum + cells, 0);
    assert.deepEqual(this.store.pressure(), {
      nCtx,
      used,
      shared,
      private: used - shared,
      reserved,
      free: nCtx - used - reserved,
    });
    const cells = await this.store.countCells();
    assert.equal(cells - this.#hiddenCells, used, "the engine's cells equal the model's");
    assert.ok(cells <= nCtx, "the engine holds more cells than it has");
    assert.deepEqual([this.store.liveBranches, this.store.available], [living.length, nSeqMax - active.length]);
    for (const branch of living) {
      const { parent, forkHead, cells, isParked } = this.model.of(branch);
      const isLeaf = this.model.childrenOf(branch).length === 0;
      assert.deepEqual(
        [branch.position, branch.forkHead, branch.parent, branch.isLeaf, branch.disposed, branch.isActive],
        [cells.length, forkHead, parent, isLeaf, false, !isParked],
      );
      this.#requirePrefixes(this.model.tokensOf(branch));
    }
  }

  /** What is found of a living branch's tokens, and of half of them followed by others. */
  #requirePrefixes(tokens: readonly Token[]): void {
    for (const asked of [tokens, [...tokens.slice(0, tokens.length >> 1), 0, 1]]) {
      for (const at of ["any", "head"] as const) {
        const found = this.store.longestPrefix(asked, at);
        assert.equal(found?.length ?? 0, this.model.longestPrefix(asked, at), `the longest prefix, at ${at}`);
        if (!found) continue;
        const own = this.model.tokensOf(found.branch);
        assert.deepEqual(own.slice(0, found.length), asked.slice(0, found.length));
        if (at === "head") assert.equal(own.length, found.length);
      }
    }
  }

  #requireReason(code: InferenceErrorCode, hasRoom: boolean, mustFail: InferenceErrorCode | undefined): void {
    if (code === mustFail) return;
    if (hasRoom) {
      const hasReason = this.isFaulty || (this.#hiddenCells > 0 && code === "KV_EXHAUSTED");
      assert.ok(hasReason && ["KV_EXHAUSTED", "DECODE_FAILED"].includes(code), `there is no reason for ${code}`);
      this.failures++;
    } else assert.equal(code, "KV_EXHAUSTED", "the ledger refuses what does not fit");
  }
}

/** All that a call could change of a branch. */
function stateOf(branch: Branch) {
  const { position } = branch;
  return position > 0 ? { position, row: branch.getLogits(), next: branch.produceSync() } : { position };
}
