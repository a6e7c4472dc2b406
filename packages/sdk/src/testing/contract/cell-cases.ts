import assert from "node:assert/strict";
import { Branch } from "../../branch/branch.ts";
import { cells, contractCase, refuses, small, stateOf } from "./contract-case.ts";

export const cellCases = [
  contractCase(
    "a new root holds cells for its first tokens, which nobody else is promised",
    async ({ ctx, store, create, filler, settled }) => {
      const { nCtx } = ctx.engine.capabilities;
      const root = Branch.create(ctx, 100);
      assert.deepEqual([root.position, store.pressure().reserved, store.pressure().free], [0, 100, nCtx - 100]);
      const other = create();
      await refuses("KV_EXHAUSTED", () => other.prefill(filler(nCtx - 99)));
      await refuses("KV_EXHAUSTED", () => Branch.create(ctx, nCtx - 99));
      // What is held is its own: no other cell is needed for as many tokens.
      await other.prefill(filler(nCtx - 110));
      await refuses("KV_EXHAUSTED", () => root.prefill(filler(111)));
      assert.equal(store.pressure().reserved, 100);
      await root.prefill(filler(105));
      assert.deepEqual([root.position, store.pressure().reserved, store.pressure().free], [105, 0, 5]);
      await settled();
      const unused = Branch.create(ctx, 5);
      unused.pruneSync();
      assert.equal(store.pressure().reserved, 0);
      // Pruned while its first tokens are written, it holds its cells until that has ended.
      other.pruneSync();
      const doomed = Branch.create(ctx, 50);
      const writing = doomed.prefill(filler(40));
      doomed.pruneSync();
      assert.equal(store.pressure().reserved, 50);
      await writing;
      assert.equal(store.pressure().reserved, 0);
      root.pruneSync();
    },
    small,
  ),

  contractCase(
    "pressure counts the cells that were really allocated",
    async ({ ctx, store }) => {
      const { nCtx } = ctx.engine.capabilities;
      // A backend may round up, as llama.cpp does from 100 to 256.
      assert.ok(nCtx >= 100);
      assert.deepEqual(store.pressure(), { nCtx, used: 0, shared: 0, private: 0, reserved: 0, free: nCtx });
    },
    { nCtx: 100 },
  ),

  contractCase("a state of its own goes over the tokens where they take no cells, and has no past", async ({ ctx }) => {
    const { cellsPerToken, recurrent, canForkAt, canTruncate, swaWindow } = ctx.engine.capabilities;
    assert.ok(cellsPerToken === 1 || recurrent);
    if (recurrent) assert.deepEqual([canForkAt, canTruncate], ["head", false]);
    assert.ok(Number.isInteger(swaWindow) && swaWindow >= 0);
  }),

  contractCase(
    "a branch outgrows nCtx where its tokens take no cells",
    async ({ create, filler, store, ctx, write, settled }) => {
      const { cellsPerToken, nCtx } = ctx.engine.capabilities;
      if (cellsPerToken > 0) return;
      const branch = create();
      await branch.prefill(filler(nCtx + 10));
      const fork = branch.forkSync();
      await write(fork, 2);
      assert.equal(fork.position, nCtx + 12);
      assert.equal(store.pressure().used, 0);
      await settled();
    },
    { nCtx: 256 },
  ),

  contractCase(
    "a shared prefix counts once, however deep and wide its forks",
    async ({ root, write, store, settled }) => {
      const parent = await root();
      const cells = parent.position;
      const [a, b] = [parent.forkSync(), parent.forkSync()];
      await write(a, 2);
      const c = a.forkSync();
      await write(c, 3);
      await write(b, 1);
      assert.equal(store.pressure().used, cells + 2 + 3 + 1);
      await settled();
      c.pruneSync();
      assert.equal(store.pressure().used, cells + 2 + 1);
      a.pruneSync();
      assert.equal(store.pressure().used, cells + 1);
    },
    cells,
  ),

  contractCase(
    "pressure tells the cells that branches share from those that one holds alone",
    async (bench) => {
      const { root, write, store, settled } = bench;
      const trunk = await root();
      const prefix = trunk.position;
      const split = () => {
        const { used, shared, private: own } = store.pressure();
        assert.equal(used, shared + own);
        return [shared, own];
      };
      assert.deepEqual(split(), [0, prefix]);
      const [a, b] = [trunk.forkSync(), trunk.forkSync()];
      assert.deepEqual(split(), [prefix, 0]);
      await write(a, 3);
      await write(b, 2);
      assert.deepEqual(split(), [prefix, 5]);
      // A fork of a fork shares what its parent alone had, up to where it left.
      const c = a.forkSync();
      await write(a, 1);
      assert.deepEqual(split(), [prefix + 3, 3]);
      c.pruneSync();
      assert.deepEqual(split(), [prefix, 6]);
      b.pruneSync();
      // The trunk has nothing of its own, but holds its prefix still.
      assert.deepEqual(split(), [prefix, 4]);
      await settled();
      a.pruneSync();
      assert.deepEqual(split(), [0, prefix]);
    },
    cells,
  ),

  contractCase(
    "prune frees exactly the branch's own cells",
    async ({ root, store, write }) => {
      const parent = await root();
      const used = store.pressure().used;
      const child = parent.forkSync();
      await write(child, 4);
      assert.equal(store.pressure().used, used + 4);
      child.pruneSync();
      assert.equal(store.pressure().used, used);
    },
    cells,
  ),

  contractCase(
    "two forks share their prefix to the very last cell",
    async ({ create, filler, store, settled }) => {
      const parent = create();
      const left = 7;
      await parent.prefill(filler(store.pressure().free - left));
      const [a, b] = [parent.forkSync(), parent.forkSync()];
      const tick = [a, b].map((branch) => [branch, branch.produceSync().token] as const);
      for (let step = 1; step <= 3; step++) {
        await store.commit(tick);
        assert.equal(store.pressure().free, left - 2 * step);
        await settled();
      }
      const before = [a, b].map(stateOf);
      await refuses("KV_EXHAUSTED", () => store.commit(tick));
      assert.deepEqual([a, b].map(stateOf), before);
      await a.commit(a.produceSync().token);
      assert.equal(store.pressure().free, 0);
    },
    small,
  ),

  contractCase(
    "the cells of a call are promised until it lands",
    async ({ root, filler, store }) => {
      const branch = await root();
      const before = store.pressure();
      const flight = branch.prefill(filler(30));
      assert.deepEqual(store.pressure(), { ...before, reserved: 30, free: before.free - 30 });
      await flight;
      const used = before.used + 30;
      assert.deepEqual(store.pressure(), { ...before, used, private: used, free: before.free - 30 });
    },
    cells,
  ),

  contractCase(
    "reserved cells are not given to prefills, commits or other reservations",
    async (bench) => {
      const { root, store, filler } = bench;
      const branch = await root();
      const held = store.reserve(store.pressure().free - 1);
      assert.equal(store.pressure().free, 1);
      await refuses("KV_EXHAUSTED", () => store.reserve(2));
      await refuses("KV_EXHAUSTED", () => branch.prefill(filler(2)));
      const { token } = branch.produceSync();
      await branch.commit(token);
      await refuses("KV_EXHAUSTED", () => branch.commit(token));
      await refuses("KV_EXHAUSTED", () => store.step([[branch, token]]));
      const start = branch.position;
      held.release();
      held.release();
      assert.equal(store.pressure().reserved, 0);
      await branch.commit(token);
      assert.equal(branch.position, start + 1);
    },
    cells,
  ),

  contractCase("a reservation is a whole number of cells", async ({ store }) => {
    for (const cells of [-1, 0.5, Number.NaN, Infinity, -0.5, 2 ** 53]) {
      await refuses("INVALID_ARGUMENT", () => store.reserve(cells), String(cells));
    }
    assert.equal(store.pressure().reserved, 0);
    store.reserve(0).release();
  }),

  contractCase(
    "a branch pruned in flight leaves no cell behind",
    async ({ root, store, settled }) => {
      const parent = await root();
      const [doomed, other] = [parent.forkSync(), parent.forkSync()];
      const flight = store.commit([
        [doomed, doomed.produceSync().token],
        [other, other.produceSync().token],
      ]);
      doomed.pruneSync();
      await flight;
      assert.equal(store.pressure().used, other.position);
      await settled();
      other.produceSync();
    },
    cells,
  ),

  contractCase("all branches of a batch may be pruned in flight", async ({ create, root, filler, store, settled }) => {
    const branches = [create(), create()];
    const flight = store.prefill(branches.map((branch) => [branch, filler(150)] as const));
    for (const branch of branches) branch.pruneSync();
    assert.equal(store.pressure().used, 0);
    await flight;
    await settled();
    assert.equal(store.pressure().free, store.pressure().nCtx);
    await root();
  }),

  contractCase(
    "a branch pruned while its call waits costs nothing",
    async ({ create, root, filler, store, settled }) => {
      const [first, doomed] = [create(), create()];
      const flights = [first.prefill(filler(20)), doomed.prefill(filler(30))];
      doomed.pruneSync();
      await Promise.all(flights);
      assert.equal(store.pressure().used, 20);
      await settled();
      await root();
    },
    cells,
  ),

  contractCase(
    "the cells of a pruned branch are there for the next call",
    async ({ create, filler, store }) => {
      const old = create();
      await old.prefill(filler(store.pressure().free - 5));
      const other = create();
      await refuses("KV_EXHAUSTED", () => other.prefill(filler(50)));
      old.pruneSync();
      await other.prefill(filler(50));
    },
    small,
  ),

  contractCase(
    "figures add up over a run",
    async ({ root, store, write, tokens, filler }) => {
      const parent = await root();
      const prompt = parent.position;
      const [a, b] = [parent.forkSync(), parent.forkSync()];
      await write(a, 3);
      await b.prefill(tokens(" x"));
      const peak = store.pressure().used;
      b.pruneSync();
      await refuses("KV_EXHAUSTED", () => a.prefill(filler(store.pressure().free + 1)));
      const { prefillTokens, decodedTokens, ticks, peakCells } = store.stats;
      assert.deepEqual(
        { prefillTokens, decodedTokens, ticks, peakCells },
        { prefillTokens: prompt + tokens(" x").length, decodedTokens: 3, ticks: 3, peakCells: peak },
      );
    },
    cells,
  ),

  contractCase(
    "an observer hears of every batch that succeeded, and of no other",
    async ({ root, store, filler }) => {
      const branch = await root();
      const heard: unknown[] = [];
      const stop = store.observe(({ type, entries }) => {
        const { used, reserved } = store.pressure();
        heard.push({ type, entries, used, reserved });
      });
      const { token } = branch.produceSync();
      const { id, position } = branch;
      await branch.commit(token);
      await refuses("KV_EXHAUSTED", () => branch.prefill(filler(store.pressure().free + 1)));
      await branch.prefill(filler(3));
      stop();
      await branch.prefill(filler(3));
      assert.deepEqual(heard, [
        { type: "commit", entries: [{ branch: id, position, token }], used: position + 1, reserved: 0 },
        {
          type: "prefill",
          entries: [{ branch: id, position: position + 1, tokens: 3 }],
          used: position + 4,
          reserved: 0,
        },
      ]);
    },
    cells,
  ),
];
