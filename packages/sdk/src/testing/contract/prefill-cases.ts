import assert from "node:assert/strict";
import { Branch } from "../../branch/branch.ts";
import { cells, contractCase, refuses, small, standard, stateOf } from "./contract-case.ts";

export const prefillCases = [
  contractCase("after a prefill the position is the number of tokens", async ({ tokens, root }) => {
    const branch = await root("one two three");
    assert.equal(branch.position, tokens("one two three").length);
  }),

  contractCase("an empty prefill is a no-op, alone and among others", async ({ root, create, store, tokens }) => {
    const branch = await root();
    const other = create();
    const [before, { prefillTokens }] = [stateOf(branch), store.stats];
    await branch.prefill([]);
    await store.prefill([]);
    assert.equal(store.stats.prefillTokens, prefillTokens);
    const words = tokens("a few words");
    await store.prefill([
      [branch, []],
      [other, words],
    ]);
    assert.deepEqual(stateOf(branch), before);
    assert.equal(other.position, words.length);
  }),

  contractCase("a prefill longer than a batch is split and lands whole", async ({ root, tokens, write }) => {
    const text = "again and again ".repeat(30);
    assert.ok(tokens(text).length > standard.nBatch);
    const branch = await root(text);
    assert.equal(branch.position, tokens(text).length);
    await write(branch, 2);
  }),

  contractCase(
    "a prefill of just one batch, or of one token more or less, lands whole",
    async ({ create, filler, ctx }) => {
      const { nBatch } = ctx.engine.capabilities;
      for (const count of [1, nBatch - 1, nBatch, nBatch + 1, 2 * nBatch]) {
        const branch = create();
        await branch.prefill(filler(count));
        assert.equal(branch.position, count);
        branch.produceSync();
        branch.pruneSync();
      }
    },
    { nBatch: 16, nUbatch: 16 },
  ),

  contractCase("a prefill in batches of the branch's own size lands whole", async ({ ctx, filler, settled }) => {
    const { nBatch } = ctx.engine.capabilities;
    for (const size of [1, 3, nBatch - 1, nBatch]) {
      for (const count of [1, size - 1, size, size + 1, 20]) {
        const branch = Branch.create(ctx, 0, {}, size);
        await branch.prefill(filler(count));
        assert.equal(branch.position, count);
        await settled();
        if (count > 0) await branch.commit(branch.produceSync().token);
        branch.pruneSync();
      }
    }
  }),

  contractCase("branches of different batch sizes are prefilled in one call", async ({ ctx, store, filler }) => {
    const sizes = [1, 5, undefined];
    const branches = sizes.map((size) => Branch.create(ctx, 0, {}, size));
    await store.prefill(branches.map((branch, i) => [branch, filler(7 + i)] as const));
    assert.deepEqual(
      branches.map(({ position }) => position),
      [7, 8, 9],
    );
    for (const branch of branches) {
      branch.produceSync();
      branch.pruneSync();
    }
  }),

  contractCase("many prefills are packed and each keeps its own row", async ({ create, store, tokens }) => {
    const texts = ["red ".repeat(15), "green and blue", "a", "yellow ".repeat(30)];
    const branches = texts.map(() => create());
    await store.prefill(branches.map((branch, i) => [branch, tokens(texts[i] as string)] as const));
    const rows = branches.map((branch) => branch.getLogits());
    for (const [i, branch] of branches.entries()) {
      assert.equal(branch.position, tokens(texts[i] as string).length);
      for (const other of rows.slice(i + 1)) assert.notDeepEqual(rows[i], other);
    }
  }),

  contractCase(
    "where the engine is deterministic, calls that end at multiples of nUbatch give what one gives, bit by bit",
    async ({ another, ctx, filler }) => {
      const { deterministic, nUbatch } = ctx.engine.capabilities;
      if (!deterministic) return;
      const words = filler(2 * nUbatch + 5);
      const rows = [];
      for (const ends of [[words.length], [nUbatch, words.length], [nUbatch, 2 * nUbatch, words.length]]) {
        const { create, store } = await another();
        const branch = create();
        let begin = 0;
        for (const end of ends) {
          // What is written after its last token changes nothing; how it is written is left to the engine.
          const beside = end === words.length ? [[create(), filler(7)] as const] : [];
          await store.prefill([[branch, words.slice(begin, end)], ...beside]);
          begin = end;
        }
        rows.push(branch.getLogits());
      }
      for (const row of rows) assert.deepEqual(row, rows[0]);
    },
    { nBatch: 32, nUbatch: 16 },
  ),

  contractCase("prefills add up", async ({ root, tokens, filler }) => {
    const branch = await root();
    const first = branch.getLogits();
    const words = [...tokens(" and so on"), ...filler(5)];
    const start = branch.position;
    await branch.prefill(words);
    assert.equal(branch.position, start + words.length);
    assert.notDeepEqual(branch.getLogits(), first);
  }),

  contractCase("a prefill voids what was produced before", async ({ root, tokens }) => {
    const branch = await root();
    branch.produceSync();
    await branch.prefill(tokens(" something"));
    const row = branch.getLogits();
    assert.equal(branch.produceSync().token, row.indexOf(Math.max(...row)));
  }),

  contractCase("prefilled tokens pass neither grammar nor sampler", async ({ root, tokens, finish }) => {
    const branch = await root(undefined, { temperature: 1, seed: 4 }, 'root ::= "zebra"');
    await branch.prefill(tokens(" 42 !"));
    assert.equal(await finish(branch), "zebra");
  }),

  contractCase(
    "a prefill fills the cache to its last cell, and not beyond",
    async ({ create, filler, store }) => {
      const branch = create();
      await branch.prefill(filler(store.pressure().free));
      assert.equal(store.pressure().free, 0);
      await refuses("KV_EXHAUSTED", () => branch.prefill(filler(1)));
      await refuses("KV_EXHAUSTED", () => branch.commit(branch.produceSync().token));
    },
    small,
  ),

  contractCase(
    "of two prefills that fit alone but not together the later call is refused",
    async (bench) => {
      const { create, filler, store } = bench;
      const [first, second] = [create(), create()];
      const words = filler(Math.ceil(store.pressure().free * 0.6));
      const landing = first.prefill(words);
      await refuses("KV_EXHAUSTED", () => second.prefill(words));
      await landing;
      assert.deepEqual([first.position, second.position], [words.length, 0]);
    },
    small,
  ),

  contractCase(
    "a count is taken after the calls before it, and agrees with the ledger when it is told",
    async (bench) => {
      const { root, create, store, tokens } = bench;
      const [a, b, c] = [await root("first words"), await root("other words"), create()];
      const [words, used] = [tokens("a third text"), store.pressure().used];
      const [nextA, nextB] = [a.produceSync(), b.produceSync()];
      const count = async () => assert.equal(await store.countCells(), store.pressure().used);
      const calls = [c.prefill(words), count(), a.commit(nextA.token), count()];
      const [[produced], last] = await Promise.all([store.step([[b, nextB.token]]), store.countCells()]);
      await Promise.all(calls);
      assert.equal(last, used + words.length + 2);
      assert.deepEqual(b.produceSync(), produced);
      assert.equal(a.position + b.position + c.position, last);
    },
    cells,
  ),
];
