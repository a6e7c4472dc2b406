import assert from "node:assert/strict";
import type { Produced, SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { SessionContext } from "../../backend/session-context.ts";
import { Branch } from "../../branch/branch.ts";
import { BranchStore } from "../../branch/branch-store.ts";
import { type InferenceErrorCode, isInferenceError } from "../../errors.ts";

export interface ContractSize {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
}

/** What else a case asks of its context. */
export interface ContractTraits {
  /**
   * It compares tokens across batches of other shapes, which round otherwise. Where the choices of a model may lie close
   * together, attention must then compute in 32 bits: rows are apart by 1e-6 of their spread, and by 3e-2 in 16 bits.
   */
  precise: boolean;
}

export interface ContractBackend {
  /** A fresh context of at least this size. The case disposes it. */
  open(size: ContractSize, traits: ContractTraits): Promise<SessionContext>;
}

export interface ContractCase {
  name: string;
  run(backend: ContractBackend): Promise<void>;
}

/** What a case works with. After the case all cells must be accounted for, and none be left. */
export interface Bench {
  ctx: SessionContext;
  store: BranchStore;
  /** Another context of the same size. */
  another(): Promise<Bench>;
  tokens(text: string): Token[];
  /** `count` tokens of ordinary text. */
  filler(count: number): Token[];
  create(params?: SamplingParams, grammar?: string): Branch;
  root(text?: string, params?: SamplingParams, grammar?: string): Promise<Branch>;
  /** Commits `count` produced tokens. */
  write(branch: Branch, count: number): Promise<Token[]>;
  /** Commits what is produced up to a stop token, and gives its text. */
  finish(branch: Branch): Promise<string>;
  /**
   * Fills `cells` of the cache behind the ledger's back, so that a batch that the ledger admits fails in the engine.
   * Takes a sequence. Returns what lets go of them.
   */
  hoard(cells: number): Promise<() => void>;
  /** The engine's count of cells equals the ledger's. */
  settled(): Promise<void>;
  /** Prunes every root: then ledger and engine hold nothing. A bench that was disposed has nothing to show. */
  requireNothingLeft(): Promise<void>;
  dispose(): Promise<void>;
}

export const standard: ContractSize = { nCtx: 512, nBatch: 64, nUbatch: 64, nSeqMax: 8 };

/** What a case asks of its context. */
export interface CaseNeeds extends Partial<ContractSize>, Partial<ContractTraits> {
  /** The case counts cells; on a backend whose tokens take none it has nothing to show, and passes. */
  cells?: boolean;
}

export const cells: CaseNeeds = { cells: true };
/** For cases that fill the cache, which costs a real backend seconds. */
export const small: CaseNeeds = { nCtx: 256, cells: true };
export const prompt = "The quick brown fox jumps over the lazy dog, and then";

export function contractCase(
  name: string,
  body: (bench: Bench) => Promise<void>,
  { cells: needsCells, precise = false, ...size }: CaseNeeds = {},
): ContractCase {
  return {
    name,
    async run(backend) {
      const opened: Bench[] = [];
      const another = async () => {
        const ctx = await backend.open({ ...standard, ...size }, { precise });
        const bench = benchOf(ctx, another);
        opened.push(bench);
        return bench;
      };
      try {
        const bench = await another();
        if (needsCells && bench.ctx.engine.capabilities.cellsPerToken === 0) return;
        await body(bench);
        for (const bench of opened) await bench.requireNothingLeft();
      } finally {
        for (const bench of opened) await bench.dispose();
      }
    },
  };
}

function benchOf(ctx: SessionContext, another: Bench["another"]): Bench {
  const { engine, language } = ctx;
  const store = new BranchStore(ctx);
  const roots: Branch[] = [];
  let isDisposed = false;

  const bench: Bench = {
    ctx,
    store,
    another,
    tokens: (text) => language.tokenize([{ text, origin: "user" }]),
    filler(count) {
      const words = bench.tokens(" one two three four five");
      return Array.from({ length: count }, (_, i) => words[i % words.length] as Token);
    },
    create(params = {}, grammar) {
      const branch = Branch.create(ctx, 0, params, undefined, grammar);
      roots.push(branch);
      return branch;
    },
    async root(text = prompt, params = {}, grammar) {
      const branch = bench.create(params, grammar);
      await branch.prefill(bench.tokens(text));
      return branch;
    },
    async write(branch, count) {
      const written: Token[] = [];
      for (let i = 0; i < count; i++) {
        const { token } = branch.produceSync();
        await branch.commit(token);
        written.push(token);
      }
      return written;
    },
    async finish(branch) {
      let text = "";
      for (let next: Produced = branch.produceSync(); !next.isStop; next = branch.produceSync()) {
        text += next.text;
        await branch.commit(next.token);
        assert.ok(text.length <= 100, `no stop after: ${text}`);
      }
      return text;
    },
    async hoard(cells) {
      const sequence = engine.open();
      await engine.prefill([{ sequence, tokens: bench.filler(cells) }]);
      return () => engine.close(sequence);
    },
    async settled() {
      assert.equal(await store.countCells(), store.pressure().used, "the engine's cells equal the ledger's");
    },
    async requireNothingLeft() {
      if (isDisposed) return;
      await bench.settled();
      for (const branch of roots) branch.pruneSubtreeSync();
      const { nCtx, nSeqMax } = engine.capabilities;
      assert.deepEqual(store.pressure(), { nCtx, used: 0, shared: 0, private: 0, reserved: 0, free: nCtx });
      assert.equal(await store.countCells(), 0, "the engine's cells after the last prune");
      assert.equal(store.available, nSeqMax);
    },
    async dispose() {
      isDisposed = true;
      await ctx.dispose();
    },
  };
  return bench;
}

/** Every way to use a branch, by name. A branch that may not be used must refuse each of them. */
export function usesOf(
  branch: Branch,
  store: BranchStore,
  token: Token,
): readonly (readonly [string, () => unknown])[] {
  return [
    ["produceSync", () => branch.produceSync()],
    ["produce", () => branch.produce()],
    ["forkSync", () => branch.forkSync()],
    ["fork", () => branch.fork()],
    ["setGrammar", () => branch.setGrammar('root ::= "a"')],
    ["setGrammarLazy", () => branch.setGrammarLazy('root ::= "a"', [{ type: "word", text: "a" }])],
    ["setLogitBias", () => branch.setLogitBias([{ token, bias: 1 }])],
    ["clearLogitBias", () => branch.clearLogitBias()],
    ["steer", () => branch.steer([{ token, bias: 1 }])],
    ["clearSteer", () => branch.clearSteer()],
    ["reseedSampler", () => branch.reseedSampler(1)],
    ["sample", () => branch.sample()],
    ["accept", () => branch.accept(token)],
    ["modelEntropy", () => branch.modelEntropy()],
    ["modelSurprisal", () => branch.modelSurprisal(token)],
    ["perplexity", () => branch.perplexity],
    ["samplingPerplexity", () => branch.samplingPerplexity],
    ["for await", () => branch[Symbol.asyncIterator]().next()],
    ["store.forkMany", () => store.forkMany(branch, 1)],
    ["setSamplerParams", () => branch.setSamplerParams({ temperature: 1 })],
    ["getLogits", () => branch.getLogits()],
    ["prefill", () => branch.prefill([token])],
    ["commit", () => branch.commit(token)],
    ["store.prefill", () => store.prefill([[branch, [token]]])],
    ["store.commit", () => store.commit([[branch, token]])],
    ["store.step", () => store.step([[branch, token]])],
    ["store.run", () => store.run([[branch, token]], { maxTicks: 2 })],
  ];
}

export async function refuses(code: InferenceErrorCode, work: () => unknown, what?: string): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error: unknown) => {
      assert.ok(isInferenceError(error), `${what ?? code}: ${String(error)}`);
      assert.equal(error.code, code, what);
      return true;
    },
    what,
  );
}

/** All that can be seen of a branch with a row. */
export function stateOf(branch: Branch) {
  return {
    position: branch.position,
    row: branch.getLogits(),
    next: branch.produceSync(),
    isLeaf: branch.isLeaf,
    perplexities: [branch.perplexity, branch.samplingPerplexity],
  };
}

/** Equal but for the rounding of other sums: 1e-4 of the greater. */
export function near(actual: number, expected: number, what: string): void {
  const tolerance = 1e-4 * Math.max(Math.abs(actual), Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not near ${expected}`);
}

/** The token with the highest logit. */
export function likeliest(row: Float32Array): Token {
  return row.indexOf(Math.max(...row));
}

/** The single token of a text that is one in every vocabulary: a letter or a digit. */
export function letter(bench: Pick<Bench, "tokens">, text: string): Token {
  return only(bench.tokens(text));
}

/** One item, where a case knows that there is one. */
export function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1);
  return items[0] as T;
}
