// Grows a random tree on a backend. Calls overlap, branches go while batches decode them, and batches fail; what must
// hold all the same is said in checked-tree.ts.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { SessionContext } from "../../backend/session-context.ts";
import { Branch } from "../../branch/branch.ts";
import type { StoreRunOptions } from "../../branch/branch-store.ts";
import { type InferenceErrorCode, isInferenceError } from "../../errors.ts";
import { CheckedTree, type Entries } from "./checked-tree.ts";
import type { ModelTree, Told } from "./model-tree.ts";
import { Random } from "./random.ts";

export interface RandomTreeOptions {
  seed: number;
  /** Operations, each of which may be refused. */
  steps: number;
  /** Most tokens of one entry of a prefill. */
  prefillMax: number;
  /**
   * A sequence of this many cells that the caller opened at the engine, behind the ledger's back: on any backend,
   * batches that the ledger admits then do not fit. Default: none.
   */
  hiddenCells?: number;
  /** Makes the engine's next batch fail, or every one until it is called with undefined. */
  injectFault?: (fault: InjectedFault | undefined) => void;
}

export interface InjectedFault {
  kind: "no-space" | "compute";
  lasting: boolean;
}

/** What came of it, so that a test can show that it tried something. */
export interface GrownTree {
  readonly model: ModelTree;
  /** Points at which nothing was in flight and everything was compared. */
  readonly drained: number;
  /** Calls that the engine failed though the ledger had admitted them. */
  readonly failures: number;
  readonly prunedInFlight: number;
  /** Branches that left the cache for a while. */
  readonly parkings: number;
  /** Batches of several calls that failed, and whose calls were run one by one. */
  readonly splitBatches: number;
}

/** Rejects with the first difference between the backend and the model. The message names the seed. */
export async function growRandomTree(ctx: SessionContext, options: RandomTreeOptions): Promise<GrownTree> {
  const tree = new RandomTree(ctx, options);
  try {
    await tree.grow();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`random tree of seed ${options.seed}: ${reason}`, { cause: error });
  }
  return tree.checked;
}

const grammars = [undefined, undefined, "root ::= [ab]+", 'root ::= "(" root? ")" | [0-9]{1,3}', 'root ::= "🦙" "漢"*'];
/** Begins no text of these. */
const forbidden = "q";

class RandomTree {
  readonly checked: CheckedTree;
  readonly #options: RandomTreeOptions;
  readonly #random: Random;

  // Kinds that matter more stand here twice.
  readonly #operations: Record<string, () => unknown> = {
    create: () => this.#create(),
    fork: () => this.#fork(),
    "fork again": () => this.#fork(),
    prefill: () => this.#prefill(),
    commit: () => this.#tick((rows) => this.checked.store.commit(rows)),
    step: () => this.#tick((rows) => this.#step(rows)),
    "step again": () => this.#tick((rows) => this.#step(rows)),
    run: () => this.#run(),
    "forbidden commit": () => this.#commitForbidden(),
    "many callers": () => this.#manyCallers(),
    "broken prefill": () => this.#prefillBroken(),
    "set grammar": () => this.#setGrammar(),
    "set sampling": () => this.#setSampling(),
    park: () => this.#park(),
    unpark: () => this.#unpark(),
    prune: () => this.#prune(),
    "prune subtree": () => this.#pruneSubtree(),
    reserve: () => this.#reserve(),
    release: () => this.checked.reservations.shift()?.release(),
    "inject fault": () => this.#injectFault(),
    "clear faults": () => this.#clearFaults(),
    wait: () => this.checked.waitForOne(),
  };

  constructor(ctx: SessionContext, options: RandomTreeOptions) {
    this.checked = new CheckedTree(ctx, options.hiddenCells ?? 0);
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async grow(): Promise<void> {
    // Half of the kinds are left out, other ones for each seed: a mix of all hides rare combinations.
    const kept = Object.keys(this.#operations).filter(() => this.#random.chance(50));
    const kinds = [...new Set(["create", "prefill", "step", ...kept])];
    for (let step = 0; step < this.#options.steps; step++) {
      const waits = this.#operations[this.#random.pick(kinds)]?.();
      if (waits instanceof Promise) await waits;
      if (this.checked.callsUnderWay > 3 || this.#random.chance(15)) await this.checked.drain();
      // A call that ends by itself does so between two operations, never half.
      if (waits instanceof Promise || this.#random.chance(20)) await setImmediate();
    }
    await this.#clearFaults();
    for (const held of this.checked.reservations.splice(0)) held.release();
    for (const branch of this.checked.model.living) if (!branch.isActive) await this.checked.unpark(branch);
    await this.checked.drain();
  }

  #create() {
    const sampling = this.#anySampling();
    const grammar = this.#random.pick(grammars);
    const create = () => Branch.create(this.checked.ctx, 0, sampling, undefined, grammar);
    if (this.checked.leasesLeft === 0) return refused("SEQUENCES_EXHAUSTED", create);
    this.checked.model.create(create(), [
      { kind: "sampling", sampling },
      { kind: "grammar", grammar },
    ]);
  }

  #fork() {
    const parent = this.#any();
    if (!parent) return;
    if (this.#isFlying(parent)) return refused("BRANCH_IN_FLIGHT", () => parent.forkSync());
    if (!parent.isActive) return refused("BRANCH_PARKED", () => parent.forkSync());
    if (this.checked.leasesLeft === 0) return refused("SEQUENCES_EXHAUSTED", () => parent.forkSync());
    this.checked.model.fork(parent, parent.forkSync());
  }

  #prefill() {
    const entries = new Map(
      this.#someIdle(3).map((branch) => [branch, [{ kind: "prefill", tokens: this.#anyTokens() } as const]]),
    );
    this.checked.call(entries, () => this.checked.store.prefill(prefillsOf(entries)));
  }

  #tick(send: (rows: Row[]) => Promise<unknown>, ticks = 1) {
    const ready = this.#someIdle(this.checked.ctx.engine.capabilities.nUbatch).filter(({ position }) => position > 0);
    const entries = new Map(
      ready.map((branch) => [branch, [{ kind: "commit", token: branch.produceSync().token } as const]]),
    );
    this.checked.call(entries, () => send(rowsOf(entries)), { ticks });
  }

  #run() {
    const maxTicks = 1 + this.#random.below(4);
    const until = this.#random.chance(30) ? (_: Branch, text: string) => text.length > 1 : undefined;
    this.#tick((rows) => this.#runRows(rows, { maxTicks, ...(until && { until }) }), maxTicks);
  }

  async #runRows(rows: readonly Row[], options: StoreRunOptions): Promise<Entries> {
    const produced = await this.checked.store.run(rows, options);
    return new Map(
      rows.map(([branch, token], i) => {
        const own = produced[i] ?? [];
        if (!branch.disposed) assert.deepEqual(own.at(-1), branch.produceSync(), "the run's last token is the memo");
        const written = [token, ...own.slice(0, -1).map((each) => each.token)];
        return [branch, written.map((each) => ({ kind: "commit", token: each }) as const)];
      }),
    );
  }

  async #step(rows: readonly Row[]): Promise<void> {
    const produced = await this.checked.store.step(rows);
    for (const [i, [branch]] of rows.entries()) {
      if (!branch.disposed) assert.deepEqual(produced[i], branch.produceSync(), "the step's token is the memo");
    }
  }

  #commitForbidden() {
    const branch = this.#someIdle(1).find((each) => this.#grammarOf(each) !== undefined);
    const [token] = this.checked.ctx.language.tokenize([{ text: forbidden, origin: "user" }]);
    if (!branch || token === undefined) return;
    const entries = new Map([[branch, [{ kind: "commit", token } as const]]]);
    this.checked.call(entries, () => this.checked.store.commit(rowsOf(entries)), { mustFail: "GRAMMAR_REJECTED" });
  }

  /** Calls that wait for each other, and may share a batch with one that fails. */
  #manyCallers() {
    this.#prefill();
    for (let caller = 0; caller < 3; caller++) this.#tick((rows) => this.#step(rows));
    this.#run();
    this.#commitForbidden();
    this.#prefillBroken();
    this.#prefill();
  }

  /** Its last token is none. Batches before that have been decoded by then, and must be taken back. */
  #prefillBroken() {
    const { nVocab } = this.checked.ctx.engine.capabilities;
    const entries = new Map(
      this.#someIdle(1).map((branch) => [
        branch,
        [{ kind: "prefill", tokens: [...this.#anyTokens(), nVocab] } as const],
      ]),
    );
    this.checked.call(entries, () => this.checked.store.prefill(prefillsOf(entries)), { mustFail: "INVALID_ARGUMENT" });
  }

  #setGrammar() {
    const [branch, grammar] = [this.#any(), this.#random.pick(grammars)];
    if (!branch) return;
    if (this.#isFlying(branch)) return refused("BRANCH_IN_FLIGHT", () => branch.setGrammar(grammar));
    if (!branch.isActive) return refused("BRANCH_PARKED", () => branch.setGrammar(grammar));
    branch.setGrammar(grammar);
    this.checked.model.tell(branch, { kind: "grammar", grammar });
  }

  #setSampling() {
    const [branch, sampling] = [this.#any(), this.#anySampling()];
    if (!branch) return;
    if (this.#isFlying(branch)) return refused("BRANCH_IN_FLIGHT", () => branch.setSamplerParams(sampling));
    if (!branch.isActive) return refused("BRANCH_PARKED", () => branch.setSamplerParams(sampling));
    branch.setSamplerParams(sampling);
    this.checked.model.tell(branch, { kind: "sampling", sampling });
  }

  #prune() {
    const branch = this.#any();
    if (!branch) return;
    if (this.checked.model.childrenOf(branch).length === 0) return this.checked.pruneSubtree(branch);
    refused("BRANCH_HAS_CHILDREN", () => branch.pruneSync());
  }

  #pruneSubtree() {
    const branch = this.#any();
    if (branch) this.checked.pruneSubtree(branch);
  }

  async #park(): Promise<void> {
    const branch = this.#someIdle(1)[0];
    if (!branch || this.checked.model.childrenOf(branch).length > 0) return;
    if (branch.forkHead === 0 || this.checked.ctx.engine.capabilities.canSaveForks) await this.checked.park(branch);
  }

  async #unpark(): Promise<void> {
    const { model } = this.checked;
    const [branch] = this.#random.some(
      model.living.filter((each) => model.of(each).isParked),
      1,
    );
    if (branch) await this.checked.unpark(branch);
  }

  #reserve() {
    const cells = this.#random.below(20);
    if (cells > this.checked.free) return refused("KV_EXHAUSTED", () => this.checked.store.reserve(cells));
    this.checked.reservations.push(this.checked.store.reserve(cells));
  }

  #injectFault() {
    if (!this.#options.injectFault) return;
    this.checked.isFaulty = true;
    this.#options.injectFault({ kind: this.#random.pick(["no-space", "compute"]), lasting: this.#random.chance(30) });
  }

  async #clearFaults(): Promise<void> {
    this.#options.injectFault?.(undefined);
    // Calls that began under a fault may fail of it.
    await this.checked.drain();
    this.checked.isFaulty = false;
  }

  #any(): Branch | undefined {
    return this.#random.some(this.checked.model.living, 1)[0];
  }

  #someIdle(max: number): Branch[] {
    return this.#random.some(
      this.checked.model.active.filter((branch) => !this.#isFlying(branch)),
      max,
    );
  }

  #isFlying(branch: Branch): boolean {
    return this.checked.flying.has(branch);
  }

  #anyTokens(): Token[] {
    const { nVocab } = this.checked.ctx.engine.capabilities;
    return Array.from({ length: 1 + this.#random.below(this.#options.prefillMax) }, () => this.#random.below(nVocab));
  }

  #anySampling(): SamplingParams {
    return this.#random.chance(50) ? {} : { temperature: 1.5, seed: this.#random.below(1000) };
  }

  #grammarOf(branch: Branch): string | undefined {
    return this.checked.model.of(branch).told.findLast((told) => told.kind === "grammar")?.grammar;
  }
}

type Row = readonly [Branch, Token];

function prefillsOf(entries: ReadonlyMap<Branch, readonly Extract<Told, { kind: "prefill" }>[]>) {
  return [...entries].map(([branch, told]) => [branch, told.flatMap(({ tokens }) => tokens)] as const);
}

function rowsOf(entries: ReadonlyMap<Branch, readonly Extract<Told, { kind: "commit" }>[]>): Row[] {
  return [...entries].flatMap(([branch, told]) => told.map(({ token }) => [branch, token] as const));
}

function refused(code: InferenceErrorCode, work: () => unknown): void {
  assert.throws(work, (error) => isInferenceError(error) && error.code === code, `${code} was expected`);
}
