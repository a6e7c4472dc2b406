import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import { type Bench, contractCase, letter, prompt, refuses, small, stateOf } from "./contract-case.ts";

/** Forks of one branch, each told something of its own: what they write next differs. */
async function siblings({ root, store, tokens }: Bench, count: number): Promise<Branch[]> {
  const parent = await root();
  const forks = store.forkMany(parent, count);
  await store.prefill(forks.map((fork, i) => [fork, tokens(` ${i} is`)] as const));
  return forks;
}

/** Begins a prefill, so that what is called now waits and shares the batch after it. */
function occupied({ create, filler }: Bench): Promise<void> {
  return create().prefill(filler(8));
}

/** The batches that `work` decodes: by their type, the branches in each. */
async function batchesOf({ store }: Bench, work: () => Promise<unknown>): Promise<[string, number[]][]> {
  const heard: [string, number[]][] = [];
  const stop = store.observe(({ type, entries }) => heard.push([type, entries.map(({ branch }) => branch)]));
  await work();
  stop();
  return heard;
}

export const groupCases = [
  contractCase(
    "calls that come while a batch decodes share the next one, and each gets its own answer",
    async (bench) => {
      const { store, settled } = bench;
      const branches = await siblings(bench, 4);
      const [a, b, c, d] = branches as [Branch, Branch, Branch, Branch];
      const next = branches.map((branch) => branch.produceSync().token) as [Token, Token, Token, Token];
      const before = store.stats;
      const batches = await batchesOf(bench, async () => {
        const [, committed, stepped, both] = await Promise.all([
          occupied(bench),
          a.commit(next[0]),
          store.step([[b, next[1]]]),
          store.step([
            [d, next[3]],
            [c, next[2]],
          ]),
        ]);
        assert.equal(committed, undefined);
        assert.deepEqual(stepped, [b.produceSync()]);
        assert.deepEqual(both, [d.produceSync(), c.produceSync()]);
      });
      assert.deepEqual(batches.slice(1), [["commit", [a.id, b.id, d.id, c.id]]]);
      const { ticks, decodedTokens, splitBatches } = store.stats;
      assert.deepEqual([ticks, decodedTokens, splitBatches], [before.ticks + 1, before.decodedTokens + 4, 0]);
      await settled();
    },
  ),

  contractCase("callers side by side share every decode but the first", async (bench) => {
    const { store } = bench;
    const branches = await siblings(bench, 5);
    const { ticks, decodedTokens } = store.stats;
    await Promise.all(branches.map((branch) => bench.write(branch, 6)));
    assert.deepEqual([store.stats.ticks - ticks, store.stats.decodedTokens - decodedTokens], [7, 30]);
  }),

  contractCase(
    "a shared tick equals as many of their own",
    async (bench) => {
      const { root, store, write } = bench;
      const parent = await root(prompt, { temperature: 0.9, seed: 5 }, "root ::= [a-z ]+");
      const forks = store.forkMany(parent, 3);
      const alone = parent.forkSync();
      for (const branch of [...forks, alone]) branch.reseedSampler(7);
      const [expected, ...shared] = [
        await write(alone, 4),
        ...(await Promise.all(forks.map((fork) => write(fork, 4)))),
      ];
      for (const written of shared) assert.deepEqual(written, expected);
    },
    { precise: true },
  ),

  contractCase("what one caller does wrong is told to that one alone", async (bench) => {
    const { root, store, tokens, ctx } = bench;
    const good = await siblings(bench, 2);
    const strict = await root(prompt, {}, 'root ::= "zebra"');
    const wild = await root("Something else");
    const before = [strict, wild].map(stateOf);
    const { ticks } = store.stats;
    const rows = good.map((branch) => [branch, branch.produceSync().token] as const);
    const positions = good.map(({ position }) => position);
    const [, first, , , second] = await Promise.all([
      occupied(bench),
      store.step(rows.slice(0, 1)),
      refuses("GRAMMAR_REJECTED", () => strict.commit(letter(bench, "q"))),
      refuses("INVALID_ARGUMENT", () => wild.commit(ctx.engine.capabilities.nVocab)),
      store.step(rows.slice(1)),
    ]);
    assert.deepEqual([strict, wild].map(stateOf), before);
    assert.deepEqual(
      good.map(({ position }) => position),
      positions.map((position) => position + 1),
    );
    assert.deepEqual(
      [...first, ...second],
      good.map((branch) => branch.produceSync()),
    );
    assert.deepEqual([store.stats.ticks - ticks, store.stats.splitBatches], [2, 1]);
    await strict.commit(tokens("z")[0] as Token);
  }),

  contractCase(
    "a prefill that is refused takes nothing from those that shared its batch",
    async (bench) => {
      const { create, store, filler, ctx, settled } = bench;
      const [fine, broken, last] = [create(), create(), create()];
      await Promise.all([
        occupied(bench),
        fine.prefill(filler(5)),
        refuses("INVALID_ARGUMENT", () => broken.prefill([1, ctx.engine.capabilities.nVocab])),
        store.prefill([[last, filler(6)]]),
      ]);
      assert.deepEqual([fine.position, broken.position, last.position], [5, 0, 6]);
      assert.equal(store.pressure().reserved, 0);
      await settled();
    },
    { nBatch: 32, nUbatch: 32 },
  ),

  contractCase(
    "when a shared batch finds no cells each caller is told, keeps its state, and may try again",
    async (bench) => {
      const { store, hoard } = bench;
      const branches = await siblings(bench, 3);
      const before = branches.map(stateOf);
      const tick = branches.map((branch) => branch.produceSync().token);
      const release = await hoard(store.pressure().free - 8);
      const waits = occupied(bench);
      const attempts = branches.map((branch, i) =>
        refuses("KV_EXHAUSTED", () => branch.commit(tick[i] as Token), `caller ${i}`),
      );
      await Promise.all([waits, ...attempts]);
      assert.deepEqual(branches.map(stateOf), before);
      assert.deepEqual([store.pressure().reserved, store.stats.splitBatches], [0, 1]);
      release();
      await Promise.all(branches.map((branch, i) => branch.commit(tick[i] as Token)));
    },
    small,
  ),

  contractCase(
    "the callers of a shared batch for which there is room get it, one by one, in their order",
    async (bench) => {
      const { store, hoard } = bench;
      const branches = await siblings(bench, 3);
      const positions = branches.map(({ position }) => position);
      const release = await hoard(store.pressure().free - 10);
      const outcomes = await Promise.allSettled([
        occupied(bench),
        ...branches.map((branch) => branch.commit(branch.produceSync().token)),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "fulfilled", "fulfilled", "rejected"],
      );
      assert.deepEqual(
        branches.map(({ position }, i) => position - (positions[i] as number)),
        [1, 1, 0],
      );
      release();
    },
    small,
  ),

  contractCase(
    "a shared tick holds nUbatch rows, a shared prefill nBatch, and what is left goes next",
    async (bench) => {
      const { create, filler, root, store } = bench;
      const ids = (branches: readonly Branch[]) => branches.map(({ id }) => id);
      const [blank, rows] = [[create(), create(), create()], store.forkMany(await root(), 3)];
      const batches = await batchesOf(bench, () =>
        Promise.all([
          occupied(bench),
          ...rows.map((branch) => branch.commit(branch.produceSync().token)),
          ...[5, 12, 4].map((count, i) => blank[i]?.prefill(filler(count))),
        ]),
      );
      const [x, y, z] = blank as [Branch, Branch, Branch];
      assert.deepEqual(batches.slice(1), [
        ["commit", ids(rows.slice(0, 2))],
        ["commit", ids(rows.slice(2))],
        ["prefill", ids([x, z])],
        ["prefill", ids([y])],
      ]);
    },
    { nBatch: 16, nUbatch: 2, nSeqMax: 10 },
  ),

  contractCase("a branch that is pruned while it waits is left out of the batch and of the figures", async (bench) => {
    const { store, settled } = bench;
    const [doomed, kept] = (await siblings(bench, 2)) as [Branch, Branch];
    const { decodedTokens } = store.stats;
    const rows = [doomed, kept].map((branch) => [branch, branch.produceSync().token] as const);
    const flight = [occupied(bench), store.step(rows)] as const;
    doomed.pruneSync();
    const [, produced] = await Promise.all(flight);
    assert.deepEqual(produced, [undefined, kept.produceSync()]);
    assert.equal(store.stats.decodedTokens, decodedTokens + 1);
    await settled();
  }),

  contractCase("a call keeps what it was given, though the caller changes its list meanwhile", async (bench) => {
    const { create, store, filler } = bench;
    const branch = create();
    const tokens = filler(6);
    const flights = [occupied(bench), branch.prefill(tokens)];
    const given = tokens.splice(0);
    await Promise.all(flights);
    assert.equal(branch.position, 6);
    assert.equal(store.longestPrefix(given)?.length, 6);
  }),
];
