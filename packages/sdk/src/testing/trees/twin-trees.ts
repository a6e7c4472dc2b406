// Two equal trees on two contexts, told the same: one ticks with `step`, its twin with `commit` and `produceSync`.
// Nothing may tell them apart, bit by bit: both send the same batches in the same order.
import assert from "node:assert/strict";
import type { Produced, SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { SessionContext } from "../../backend/session-context.ts";
import { Branch } from "../../branch/branch.ts";
import { BranchStore } from "../../branch/branch-store.ts";
import { Random } from "./random.ts";

export interface TwinTreesOptions {
  seed: number;
  /** Operations on both trees. */
  steps: number;
  /** Most tokens of one entry of a prefill. */
  prefillMax: number;
}

/** What came of it, so that a test can show that it tried something. */
export interface GrownTwins {
  /** Tokens that both trees produced. */
  produced: number;
}

/** A branch of one tree, and its image in the other. */
type Twins = readonly [stepped: Branch, plain: Branch];

const grammars = [undefined, undefined, 'root ::= "naïve 🦙" [a-z]*', 'root ::= [ab]{3,9} ("," root)?'];

/** Rejects with the first difference between `step` and `commit` with `produceSync`. The message names the seed. */
export async function growTwinTrees(
  contexts: readonly [SessionContext, SessionContext],
  options: TwinTreesOptions,
): Promise<GrownTwins> {
  const trees = new TwinTrees(contexts, options);
  try {
    await trees.grow();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`twin trees of seed ${options.seed}: ${reason}`, { cause: error });
  }
  return { produced: trees.produced };
}

class TwinTrees {
  produced = 0;
  readonly #contexts: readonly [SessionContext, SessionContext];
  readonly #stores: readonly [BranchStore, BranchStore];
  readonly #options: TwinTreesOptions;
  readonly #random: Random;
  #living: Twins[] = [];

  constructor(contexts: readonly [SessionContext, SessionContext], options: TwinTreesOptions) {
    this.#contexts = contexts;
    this.#stores = [new BranchStore(contexts[0]), new BranchStore(contexts[1])];
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async grow(): Promise<void> {
    const operations = [
      () => this.#create(),
      () => this.#fork(),
      () => this.#prefill(),
      () => this.#tick(),
      () => this.#tick(),
      () => this.#overlap(),
      () => this.#setGrammar(),
      () => this.#setSampling(),
      () => this.#prune(),
      () => this.#look(),
    ];
    this.#create();
    await this.#prefill();
    for (let step = 0; step < this.#options.steps; step++) {
      await this.#random.pick(operations)();
      assert.deepEqual(this.#stores[0].pressure(), this.#stores[1].pressure());
    }
    requireEqual(this.#living);
  }

  #create(): void {
    if (this.#stores[0].available === 0) return;
    const [sampling, grammar] = [this.#anySampling(), this.#random.pick(grammars)];
    const [stepped, plain] = this.#contexts.map((ctx) => Branch.create(ctx, 0, sampling, undefined, grammar));
    this.#living.push([stepped as Branch, plain as Branch]);
  }

  #fork(): void {
    if (this.#stores[0].available === 0) return;
    for (const [stepped, plain] of this.#some(1)) this.#living.push([stepped.forkSync(), plain.forkSync()]);
  }

  async #prefill(): Promise<void> {
    await Promise.all(this.#startPrefill(this.#some(2)));
  }

  #startPrefill(twins: readonly Twins[]): Promise<void>[] {
    const tokens = twins.map(() => this.#anyTokens());
    if (tokens.flat().length > this.#stores[0].pressure().free) return [];
    return this.#stores.map((store, side) =>
      store.prefill(twins.map((each, i) => [each[side] as Branch, tokens[i] as Token[]] as const)),
    );
  }

  async #tick(): Promise<void> {
    await this.#startTick(this.#some(this.#contexts[0].engine.capabilities.nUbatch));
  }

  async #startTick(chosen: readonly Twins[]): Promise<void> {
    const twins = chosen.filter(([{ position }]) => position > 0);
    if (twins.length === 0 || twins.length > this.#stores[0].pressure().free) return;
    const tokens = twins.map(([stepped]) => stepped.produceSync().token);
    const rowsOf = (side: 0 | 1) => twins.map((each, i) => [each[side], tokens[i] as Token] as const);
    const [stepped] = await Promise.all([this.#stores[0].step(rowsOf(0)), this.#stores[1].commit(rowsOf(1))]);
    const plain = twins.map(([, branch]) => branch.produceSync());
    assert.deepEqual(stepped, plain);
    this.produced += plain.length;
    requireEqual(twins);
  }

  /** Two ticks and a prefill of different branches that wait for each other. */
  async #overlap(): Promise<void> {
    const apart: Twins[][] = [[], [], []];
    for (const twins of this.#some(this.#living.length)) apart[this.#random.below(3)]?.push(twins);
    const [first = [], second = [], third = []] = apart.map((group) => group.slice(0, 2));
    await Promise.all([this.#startTick(first), ...this.#startPrefill(second), this.#startTick(third)]);
  }

  #setGrammar(): void {
    const grammar = this.#random.pick(grammars);
    for (const branch of this.#some(1).flat()) branch.setGrammar(grammar);
  }

  #setSampling(): void {
    const sampling = this.#anySampling();
    for (const branch of this.#some(1).flat()) branch.setSamplerParams(sampling);
  }

  #prune(): void {
    if (this.#random.chance(50)) return;
    for (const branch of this.#some(1).flat()) branch.pruneSubtreeSync();
    this.#living = this.#living.filter(([stepped]) => !stepped.disposed);
  }

  /** Looks on one side only: whether a token was asked for before may make no difference. */
  #look(): void {
    for (const twins of this.#some(3)) {
      const branch = this.#random.pick(twins);
      if (branch.position > 0) branch.produceSync();
    }
  }

  #some(max: number): Twins[] {
    return this.#random.some(this.#living, max);
  }

  #anyTokens(): Token[] {
    const { nVocab } = this.#contexts[0].engine.capabilities;
    const count = 1 + this.#random.below(this.#options.prefillMax);
    return Array.from({ length: count }, () => this.#random.below(nVocab));
  }

  #anySampling(): SamplingParams {
    const seed = this.#random.below(1000);
    return this.#random.pick<SamplingParams>([{}, { temperature: 1.5, seed }, { temperature: 0.8, topP: 0.9, seed }]);
  }
}

function requireEqual(twins: readonly Twins[]): void {
  for (const [stepped, plain] of twins) assert.deepEqual(stateOf(stepped), stateOf(plain));
}

function stateOf(branch: Branch): { position: number; row?: Float32Array; next?: Produced } {
  const { position } = branch;
  return position > 0 ? { position, row: branch.getLogits(), next: branch.produceSync() } : { position };
}
