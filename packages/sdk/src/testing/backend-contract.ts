// What every backend must do, as cases that run unchanged on each. A case may ask capabilities, never a name.
import assert from "node:assert/strict";
import type { Produced, SamplingParams } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import type { SessionContext } from "../backend/session-context.ts";
import { Branch } from "../branch/branch.ts";
import { BranchStore } from "../branch/branch-store.ts";
import { type InferenceErrorCode, isInferenceError } from "../errors.ts";

export interface ContractSize {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
}

export interface ContractBackend {
  /** A fresh context of at least this size. The case disposes it. */
  open(size: ContractSize): Promise<SessionContext>;
}

export interface ContractCase {
  name: string;
  run(backend: ContractBackend): Promise<void>;
}

interface Bench {
  ctx: SessionContext;
  store: BranchStore;
  tokens(text: string): Token[];
  root(text?: string, params?: SamplingParams, grammar?: string): Promise<Branch>;
  continue(branch: Branch, count: number): Promise<Token[]>;
  /** The engine's count of cells equals the ledger's. */
  settled(): Promise<void>;
}

const standard: ContractSize = { nCtx: 512, nBatch: 64, nUbatch: 64, nSeqMax: 8 };
const prompt = "The quick brown fox jumps over the lazy dog, and then";

function contractCase(
  name: string,
  body: (bench: Bench) => Promise<void>,
  size: Partial<ContractSize> = {},
): ContractCase {
  return {
    name,
    async run(backend) {
      const ctx = await backend.open({ ...standard, ...size });
      const store = new BranchStore(ctx);
      const bench: Bench = {
        ctx,
        store,
        tokens: (text) => ctx.language.tokenize([{ text, origin: "user" }]),
        async root(text = prompt, params = {}, grammar) {
          const branch = Branch.create(ctx, 0, params, undefined, grammar);
          await branch.prefill(bench.tokens(text));
          return branch;
        },
        async continue(branch, count) {
          const written: Token[] = [];
          for (let i = 0; i < count; i++) {
            const { token } = branch.produceSync();
            await branch.commit(token);
            written.push(token);
          }
          return written;
        },
        async settled() {
          assert.equal(await store.countCells(), store.pressure().used, "the engine's cells equal the ledger's");
        },
      };
      try {
        await body(bench);
        await bench.settled();
      } finally {
        await ctx.dispose();
      }
    },
  };
}

async function refuses(code: InferenceErrorCode, work: () => unknown): Promise<void> {
  await assert.rejects(
    async () => work(),
    (error: unknown) => {
      assert.ok(isInferenceError(error), String(error));
      assert.equal(error.code, code);
      return true;
    },
  );
}

const sameRow = (a: Branch, b: Branch) => assert.deepEqual(a.getLogits(), b.getLogits());

const disposedRefuses: ContractCase = {
  name: "a disposed context refuses work, and disposing twice is a no-op",
  async run(backend) {
    const ctx = await backend.open(standard);
    await ctx.dispose();
    await ctx.dispose();
    await refuses("CONTEXT_DISPOSED", () => Branch.create(ctx, 0));
  },
};

export const contractCases: readonly ContractCase[] = [
  disposedRefuses,

  contractCase("an empty root stands at position 0 and holds no cell", async ({ ctx, store }) => {
    const root = Branch.create(ctx, 0);
    assert.equal(root.position, 0);
    assert.equal(store.pressure().used, 0);
  }),

  contractCase("after a prefill the position is the number of tokens", async ({ tokens, root }) => {
    const branch = await root("one two three");
    assert.equal(branch.position, tokens("one two three").length);
  }),

  contractCase("produce before any prefill is refused", async ({ ctx }) => {
    await refuses("NO_LOGITS", () => Branch.create(ctx, 0).produceSync());
  }),

  contractCase("produce is idempotent and moves nothing", async ({ root }) => {
    const branch = await root(prompt, { temperature: 1, seed: 5 });
    const first = branch.produceSync();
    assert.deepEqual(branch.produceSync(), first);
    assert.equal(branch.position, (await root()).position);
  }),

  contractCase("greedy produce takes the highest logit", async ({ root }) => {
    const branch = await root();
    const row = branch.getLogits();
    assert.equal(branch.produceSync().token, row.indexOf(Math.max(...row)));
  }),

  contractCase("commit advances by one and changes the row", async ({ root }) => {
    const branch = await root();
    const [before, row] = [branch.position, branch.getLogits()];
    await branch.commit(branch.produceSync().token);
    assert.equal(branch.position, before + 1);
    assert.notDeepEqual(branch.getLogits(), row);
  }),

  contractCase("a row handed out does not change on later decodes", async ({ root, continue: go }) => {
    const branch = await root();
    const row = branch.getLogits();
    const copy = row.slice();
    await go(branch, 5);
    assert.deepEqual(row, copy);
  }),

  contractCase("a fork has its parent's position and row, and costs no cell", async ({ root, store }) => {
    const parent = await root();
    const used = store.pressure().used;
    const child = parent.forkSync();
    assert.equal(child.position, parent.position);
    assert.equal(child.forkHead, parent.position);
    assert.equal(store.pressure().used, used);
    sameRow(parent, child);
  }),

  contractCase("a fork of a fork stands at the head of the first", async ({ root, continue: go }) => {
    const child = (await root()).forkSync();
    await go(child, 3);
    const grandchild = child.forkSync();
    assert.equal(grandchild.forkHead, child.position);
    assert.deepEqual(await go(grandchild, 4), await go(child, 4));
  }),

  contractCase("forks that do the same stay the same", async ({ root, continue: go }) => {
    const parent = await root(prompt, { temperature: 0.9, topK: 40, seed: 11 });
    const [a, b] = [parent.forkSync(), parent.forkSync()];
    assert.deepEqual(await go(a, 8), await go(b, 8));
  }),

  contractCase("a branch is blind to what its siblings write", async ({ root, continue: go, tokens }) => {
    const alone = (await root()).forkSync();
    const expected = await go(alone, 6);
    const parent = await root();
    const [watched, loud] = [parent.forkSync(), parent.forkSync()];
    await loud.prefill(tokens("something else entirely, at some length"));
    const written: Token[] = [];
    for (let i = 0; i < 6; i++) {
      const { token } = watched.produceSync();
      await go(loud, 1);
      await watched.commit(token);
      written.push(token);
    }
    assert.deepEqual(written, expected);
  }),

  contractCase("one step equals commit and produce, row by row", async ({ root, store }) => {
    const parent = await root(prompt, { temperature: 0.8, topP: 0.9, seed: 3 });
    const [stepped, plain] = [parent.forkSync(), parent.forkSync()];
    for (let i = 0; i < 6; i++) {
      const token = stepped.produceSync().token;
      const [produced] = await store.step([[stepped, token]]);
      await store.commit([[plain, token]]);
      assert.deepEqual(produced, plain.produceSync());
    }
  }),

  contractCase("after a step the produced token is a memo", async ({ root, store }) => {
    const branch = await root(prompt, { temperature: 1, seed: 9 });
    const [produced] = await store.step([[branch, branch.produceSync().token]]);
    assert.deepEqual(branch.produceSync(), produced);
  }),

  contractCase("many branches advance in one tick", async ({ root, store, tokens }) => {
    const parent = await root();
    const branches = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
    await store.prefill(branches.map((branch, i) => [branch, tokens(`agent ${i} speaks:`)] as const));
    const { ticks, decodedTokens } = store.stats;
    await store.step(branches.map((branch) => [branch, branch.produceSync().token] as const));
    assert.equal(store.stats.ticks, ticks + 1);
    assert.equal(store.stats.decodedTokens, decodedTokens + 3);
  }),

  contractCase("a prefill longer than a batch is split and lands whole", async ({ root, tokens, continue: go }) => {
    const text = "again and again ".repeat(30);
    assert.ok(tokens(text).length > standard.nBatch);
    const branch = await root(text);
    assert.equal(branch.position, tokens(text).length);
    await go(branch, 2);
  }),

  contractCase("many prefills are packed and each keeps its own row", async ({ ctx, store, tokens }) => {
    const texts = ["red ".repeat(15), "green and blue", "a", "yellow ".repeat(30)];
    const branches = texts.map(() => Branch.create(ctx, 0));
    await store.prefill(branches.map((branch, i) => [branch, tokens(texts[i] as string)] as const));
    for (const [i, branch] of branches.entries()) {
      assert.equal(branch.position, tokens(texts[i] as string).length);
      branch.produceSync();
    }
  }),

  contractCase("the same seed gives the same tokens, another seed others", async ({ root, continue: go }) => {
    const params = { temperature: 1.5, seed: 42 };
    const first = await go(await root(prompt, params), 12);
    assert.deepEqual(await go(await root(prompt, params), 12), first);
    assert.notDeepEqual(await go(await root(prompt, { ...params, seed: 43 }), 12), first);
  }),

  contractCase("top-k 1 is greedy at any temperature", async ({ root }) => {
    const greedy = (await root()).produceSync();
    assert.deepEqual((await root(prompt, { temperature: 2, topK: 1, seed: 8 })).produceSync(), greedy);
    assert.deepEqual((await root(prompt, { temperature: 2, topP: 1e-6, seed: 8 })).produceSync(), greedy);
    assert.deepEqual((await root(prompt, { temperature: 2, minP: 1, seed: 8 })).produceSync(), greedy);
  }),

  contractCase("new sampling parameters void the memo", async ({ root }) => {
    const branch = await root(prompt, { temperature: 3, seed: 1 });
    branch.produceSync();
    branch.setSamplerParams({ temperature: 0 });
    assert.deepEqual(branch.produceSync(), (await root()).produceSync());
  }),

  contractCase("sampling parameters out of range or unknown are refused", async ({ ctx }) => {
    for (const params of [{ temperature: -1 }, { topP: 0 }, { minP: 2 }, { topK: 1.5 }, { seed: -1 }, { warmth: 1 }]) {
      await refuses("INVALID_ARGUMENT", () => Branch.create(ctx, 0, params as SamplingParams));
    }
  }),

  contractCase("under a grammar only its words come out, then a stop", async ({ root }) => {
    const branch = await root(prompt, {}, 'root ::= "alpha" | "beta"');
    let text = "";
    let next: Produced;
    for (next = branch.produceSync(); !next.isStop; next = branch.produceSync()) {
      text += next.text;
      await branch.commit(next.token);
      assert.ok(text.length <= 5, text);
    }
    assert.ok(text === "alpha" || text === "beta", text);
  }),

  contractCase("a grammar is inherited by a fork and moves on by itself", async ({ root, continue: go, ctx }) => {
    const parent = await root(prompt, {}, "root ::= [ab]{4} [xy]{4}");
    await go(parent, 1);
    const child = parent.forkSync();
    let text = "";
    for (let next = child.produceSync(); !next.isStop; next = child.produceSync()) {
      text += ctx.language.detokenize([next.token]);
      await child.commit(next.token);
    }
    assert.match(text, /^[ab]{0,3}[xy]{4}$/);
  }),

  contractCase("removing the grammar gives the free choice back", async ({ root }) => {
    const free = (await root()).produceSync();
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    branch.produceSync();
    branch.setGrammar("");
    assert.deepEqual(branch.produceSync(), free);
  }),

  contractCase("a token that the grammar forbids is refused and changes nothing", async ({ root, tokens }) => {
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    const [position, next] = [branch.position, branch.produceSync()];
    await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("q")[0] as Token));
    assert.equal(branch.position, position);
    assert.deepEqual(branch.produceSync(), next);
  }),

  contractCase("a grammar that is none is refused", async ({ ctx, root }) => {
    for (const grammar of [
      "root ::= (",
      "root ::= missing",
      'other ::= "a"',
      `root ::= ${"(".repeat(5000)}"a"${")".repeat(5000)}`,
    ]) {
      await refuses("GRAMMAR_INVALID", () => Branch.create(ctx, 0, {}, undefined, grammar));
    }
    const branch = await root();
    const next = branch.produceSync();
    await refuses("GRAMMAR_INVALID", () => branch.setGrammar("root ::= ("));
    assert.deepEqual(branch.produceSync(), next);
  }),

  contractCase(
    "a prefill that cannot fit is refused, and the branch goes on",
    async ({ root, ctx, tokens, continue: go }) => {
      const branch = await root();
      const [position, row] = [branch.position, branch.getLogits()];
      const word = tokens(" again");
      const tooMany = Array.from(
        { length: ctx.engine.capabilities.nCtx + 1 },
        (_, i) => word[i % word.length] as Token,
      );
      await refuses("KV_EXHAUSTED", () => branch.prefill(tooMany));
      assert.equal(branch.position, position);
      assert.deepEqual(branch.getLogits(), row);
      await go(branch, 2);
    },
  ),

  contractCase("a sequence too many is refused, and a prune makes room", async ({ root, ctx }) => {
    const parent = await root();
    const forks = Array.from({ length: ctx.engine.capabilities.nSeqMax - 1 }, () => parent.forkSync());
    await refuses("SEQUENCES_EXHAUSTED", () => parent.forkSync());
    forks[0]?.pruneSync();
    assert.equal(parent.forkSync().position, parent.position);
  }),

  contractCase("prune frees exactly the branch's own cells", async ({ root, store, continue: go }) => {
    const parent = await root();
    const used = store.pressure().used;
    const child = parent.forkSync();
    await go(child, 4);
    assert.equal(store.pressure().used, used + 4);
    child.pruneSync();
    assert.equal(store.pressure().used, used);
  }),

  contractCase("prune restricts, pruneSubtree cascades, and nothing is left", async ({ root, store, continue: go }) => {
    const parent = await root();
    const child = parent.forkSync();
    const grandchild = child.forkSync();
    await go(grandchild, 2);
    await refuses("BRANCH_HAS_CHILDREN", () => parent.pruneSync());
    assert.equal(parent.disposed, false);
    parent.pruneSubtreeSync();
    assert.deepEqual([parent.disposed, child.disposed, grandchild.disposed], [true, true, true]);
    assert.equal(store.pressure().used, 0);
    assert.equal(await store.countCells(), 0);
  }),

  contractCase("a pruned branch refuses everything, and a second prune is a no-op", async ({ root, tokens }) => {
    const branch = await root();
    branch.pruneSync();
    branch.pruneSync();
    for (const use of [
      () => branch.produceSync(),
      () => branch.forkSync(),
      () => branch.getLogits(),
      () => branch.setGrammar(),
      () => branch.commit(1),
      () => branch.prefill(tokens("x")),
    ]) {
      await refuses("BRANCH_DISPOSED", use);
    }
  }),

  contractCase("a branch in the batch in flight refuses fork and produce", async ({ root }) => {
    const branch = await root();
    const flight = branch.commit(branch.produceSync().token);
    await refuses("BRANCH_IN_FLIGHT", () => branch.forkSync());
    await refuses("BRANCH_IN_FLIGHT", () => branch.produceSync());
    await flight;
    branch.forkSync();
  }),

  contractCase("a branch pruned in flight leaves no cell behind", async ({ root, store }) => {
    const parent = await root();
    const [doomed, other] = [parent.forkSync(), parent.forkSync()];
    const flight = store.commit([
      [doomed, doomed.produceSync().token],
      [other, other.produceSync().token],
    ]);
    doomed.pruneSync();
    await flight;
    assert.equal(store.pressure().used, other.position);
    other.produceSync();
  }),

  contractCase("a branch twice in one tick is refused", async ({ root, store }) => {
    const branch = await root();
    const { token } = branch.produceSync();
    await refuses("INVALID_ARGUMENT", () =>
      store.commit([
        [branch, token],
        [branch, token],
      ]),
    );
    await branch.commit(token);
  }),

  contractCase("a token outside the vocabulary is refused", async ({ root, ctx }) => {
    const branch = await root();
    for (const token of [-1, ctx.engine.capabilities.nVocab, 1.5, Number.NaN, 2 ** 31, 2 ** 53]) {
      await refuses("INVALID_ARGUMENT", () => branch.prefill([token]));
      await refuses("INVALID_ARGUMENT", () => branch.commit(token));
    }
    branch.produceSync();
  }),

  contractCase(
    "leases are reused many times over without a stranger's cells",
    async ({ root, store, continue: go }) => {
      const parent = await root();
      const expected = await go(parent.forkSync(), 3);
      for (let round = 0; round < 20; round++) {
        const child = parent.forkSync();
        assert.deepEqual(await go(child, 3), expected);
        child.pruneSync();
      }
      assert.ok(store.pressure().used <= parent.position + 3);
    },
  ),
];
