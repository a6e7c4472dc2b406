import assert from "node:assert/strict";
import type { BatchRecord } from "../../branch/batch-log.ts";
import { cells, contractCase, only, prompt, refuses, small, stateOf } from "./contract-case.ts";

export const runCases = [
  contractCase("a run of the store equals as many steps, and its last token is the memo", async (bench) => {
    const { root, store, settled } = bench;
    const parent = await root(prompt, { temperature: 0.9, topK: 30, seed: 21 });
    const [ran, stepped] = [parent.forkSync(), parent.forkSync()];
    let { token } = parent.produceSync();
    const produced = only(await store.run([[ran, token]], { maxTicks: 5 }));
    assert.ok(produced.length >= 1 && produced.length <= 5);
    for (const expected of produced) {
      assert.deepEqual(await store.step([[stepped, token]]), [expected]);
      token = expected.token;
    }
    assert.deepEqual(ran.produceSync(), produced.at(-1));
    assert.equal(ran.position, stepped.position);
    assert.equal(store.pressure().reserved, 0);
    await settled();
  }),

  contractCase("a branch leaves a run at its stop, or where until holds, and the others go on", async (bench) => {
    const { root, store, settled } = bench;
    const short = await root(prompt, {}, 'root ::= "ab"');
    const cut = await root(prompt, {}, "root ::= [xy]{100}");
    const long = await root(prompt, {}, "root ::= [xy]{100}");
    const all = [short, cut, long];
    const first = all.map((branch) => branch.produceSync());
    const before = store.stats;
    const positions = all.map(({ position }) => position);
    const produced = await store.run(
      all.map((branch, i) => [branch, first[i]?.token as number] as const),
      { maxTicks: 6, until: (branch, text) => branch === cut && text.length >= 2 },
    );
    assert.equal((first[0]?.text ?? "") + produced[0]?.map(({ text }) => text).join(""), "ab");
    assert.equal(produced[0]?.at(-1)?.isStop, true);
    assert.ok((produced[1]?.map(({ text }) => text).join("") ?? "").length >= 2);
    assert.ok((produced[1]?.length ?? 0) <= 2);
    assert.equal(produced[2]?.length, 6);
    // All but the last token of each are written, and the one before the run.
    assert.deepEqual(
      all.map(({ position }, i) => position - (positions[i] as number)),
      produced.map(({ length }) => length),
    );
    const written = produced.flat().length;
    assert.deepEqual(
      [store.stats.ticks - before.ticks, store.stats.decodedTokens - before.decodedTokens],
      [6, written],
    );
    await settled();
  }),

  contractCase("an observer hears of every tick of a run", async ({ root, store }) => {
    const branch = await root(prompt, {}, "root ::= [xy]{100}");
    const { id, position } = branch;
    const { token } = branch.produceSync();
    const heard: BatchRecord["entries"][] = [];
    const stop = store.observe(({ entries }) => heard.push(entries));
    const produced = only(await store.run([[branch, token]], { maxTicks: 3 }));
    stop();
    const tokens = [token, ...produced.slice(0, -1).map((each) => each.token)];
    assert.deepEqual(
      heard,
      tokens.map((each, i) => [{ branch: id, position: position + i, token: each }]),
    );
  }),

  contractCase(
    "a run is promised the cells that it may take, and refused where they are not free",
    async ({ root, create, store, filler }) => {
      const [branch, other] = [await root(prompt, {}, "root ::= [xy]{100}"), create()];
      const { token } = branch.produceSync();
      const before = store.pressure();
      await refuses("KV_EXHAUSTED", () => store.run([[branch, token]], { maxTicks: before.free + 1 }));
      for (const maxTicks of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        await refuses("INVALID_ARGUMENT", () => store.run([[branch, token]], { maxTicks }), String(maxTicks));
      const held = store.reserve(before.free - 5);
      const running = store.run([[branch, token]], { maxTicks: 5 });
      assert.equal(store.pressure().free, 0);
      await refuses("KV_EXHAUSTED", () => other.prefill(filler(1)));
      await running;
      held.release();
      assert.deepEqual([store.pressure().reserved, store.pressure().free], [0, before.free - 5]);
    },
    cells,
  ),

  contractCase(
    "a run that fails half way, or whose until throws, leaves every branch as before",
    async (bench) => {
      const { root, store, hoard } = bench;
      const parent = await root(prompt, { temperature: 1, seed: 2 }, "root ::= [xy]{100}");
      const branches = store.forkMany(parent, 2);
      const rows = branches.map((branch) => [branch, branch.produceSync().token] as const);
      const before = branches.map(stateOf);
      const { ticks } = store.stats;
      // Room for two ticks of three.
      const release = await hoard(store.pressure().free - 5);
      await refuses("KV_EXHAUSTED", () => store.run(rows, { maxTicks: 3 }));
      release();
      const until = () => {
        throw new RangeError("from the caller");
      };
      await assert.rejects(store.run(rows, { maxTicks: 3, until }), RangeError);
      assert.deepEqual(branches.map(stateOf), before);
      assert.deepEqual([store.stats.ticks, store.pressure().reserved], [ticks, 0]);
    },
    small,
  ),

  contractCase(
    "a branch that has left a run keeps the cells that it wrote in it",
    async (bench) => {
      const { root, store, hoard, tokens, settled } = bench;
      const [short, long] = [await root(prompt, {}, 'root ::= "a"'), await root(prompt, {}, "root ::= [xy]{100}")];
      const rows = [[short, only(tokens("a"))] as const, [long, long.produceSync().token] as const];
      const before = [short, long].map(stateOf);
      // One cell for the one that leaves, three for the other: four.
      const release = await hoard(store.pressure().free - 3);
      await refuses("KV_EXHAUSTED", () => store.run(rows, { maxTicks: 3 }));
      assert.deepEqual([short, long].map(stateOf), before);
      release();
      await store.run(rows, { maxTicks: 3 });
      await settled();
    },
    small,
  ),

  contractCase("a branch that is pruned while its run waits or decodes has produced nothing", async (bench) => {
    const { root, create, store, filler, settled } = bench;
    const parent = await root(prompt, {}, "root ::= [xy]{100}");
    const [doomed, kept] = [parent.forkSync(), parent.forkSync()];
    const rows = [doomed, kept].map((branch) => [branch, branch.produceSync().token] as const);
    const running = [create().prefill(filler(8)), store.run(rows, { maxTicks: 3 })] as const;
    doomed.pruneSync();
    const [, produced] = await Promise.all(running);
    assert.deepEqual([produced[0], produced[1]?.length], [[], 3]);
    await settled();
  }),
];
