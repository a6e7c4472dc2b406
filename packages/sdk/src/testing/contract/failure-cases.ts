import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import { isInferenceError } from "../../errors.ts";
import { cells, contractCase, prompt, refuses, small, stateOf } from "./contract-case.ts";

export const failureCases = [
  contractCase(
    "a prefill that cannot fit is refused, and the branch goes on",
    async ({ root, filler, store, write }) => {
      const branch = await root();
      const before = stateOf(branch);
      await refuses("KV_EXHAUSTED", () => branch.prefill(filler(store.pressure().free + 1)));
      assert.deepEqual(stateOf(branch), before);
      await write(branch, 2);
    },
    cells,
  ),

  contractCase(
    "a tick that fails in the engine moves no branch, and its repetition succeeds",
    async (bench) => {
      const { root, store, hoard } = bench;
      const parent = await root(prompt, { temperature: 1.2, seed: 6 }, "root ::= [a-z ]+");
      const branches = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
      const control = parent.forkSync();
      const { token } = parent.produceSync();
      const before = branches.map(stateOf);
      // Room for two of three rows: none may be written.
      const release = await hoard(store.pressure().free - 2);
      for (let attempt = 0; attempt < 3; attempt++) {
        await refuses("KV_EXHAUSTED", () => store.commit(branches.map((branch) => [branch, token] as const)));
        await refuses("KV_EXHAUSTED", () => store.step(branches.map((branch) => [branch, token] as const)));
        assert.deepEqual(branches.map(stateOf), before);
      }
      release();
      await store.step([...branches, control].map((branch) => [branch, token] as const));
      const expected = stateOf(control);
      for (const branch of branches) assert.deepEqual(branch.produceSync(), expected.next);
    },
    small,
  ),

  contractCase(
    "a prefill that fails in the engine moves no branch",
    async ({ root, create, store, hoard, filler }) => {
      const [branch, empty] = [await root(), create()];
      const before = stateOf(branch);
      const release = await hoard(store.pressure().free - 100);
      await refuses("KV_EXHAUSTED", () =>
        store.prefill([
          [branch, filler(80)],
          [empty, filler(80)],
        ]),
      );
      release();
      assert.deepEqual(stateOf(branch), before);
      assert.equal(empty.position, 0);
      await refuses("NO_LOGITS", () => empty.produceSync());
    },
    small,
  ),

  contractCase(
    "a prefill whose last batch is refused takes back the batches before it",
    async ({ root, create, store, filler, settled, ctx, write }) => {
      const [branch, other] = [await root(), create()];
      const before = stateOf(branch);
      const bad = [...filler(40), ctx.engine.capabilities.nVocab];
      await refuses("INVALID_ARGUMENT", () =>
        store.prefill([
          [other, filler(20)],
          [branch, bad],
        ]),
      );
      await settled();
      assert.deepEqual(stateOf(branch), before);
      assert.equal(other.position, 0);
      await write(branch, 2);
    },
    { nBatch: 16, nUbatch: 16 },
  ),

  contractCase(
    "calls that wait behind a failing one still run",
    async ({ root, create, store, hoard, filler }) => {
      const [branch, other] = [await root(), create()];
      const { token } = branch.produceSync();
      const release = await hoard(store.pressure().free - 10);
      const failing = refuses("KV_EXHAUSTED", () => other.prefill(filler(11)));
      const waiting = branch.commit(token);
      const counted = store.countCells();
      await Promise.all([failing, waiting]);
      assert.equal(await counted, store.pressure().used + store.pressure().free - 9);
      release();
    },
    small,
  ),

  contractCase(
    "a branch that is pruned in a failing batch is gone all the same",
    async (bench) => {
      const { root, store, hoard } = bench;
      const parent = await root();
      const [doomed, kept] = [parent.forkSync(), parent.forkSync()];
      const before = stateOf(kept);
      const { token } = parent.produceSync();
      const release = await hoard(store.pressure().free);
      const failing = refuses("KV_EXHAUSTED", () =>
        store.commit([
          [doomed, token],
          [kept, token],
        ]),
      );
      doomed.pruneSync();
      await failing;
      release();
      assert.deepEqual(stateOf(kept), before);
      assert.equal(store.pressure().used, parent.position);
    },
    small,
  ),

  contractCase(
    "failures leave nothing behind, however many",
    async ({ root, store, filler, tokens, settled }) => {
      const branch = await root(prompt, {}, 'root ::= "zebra"');
      const { reserved, used } = store.pressure();
      for (let round = 0; round < 50; round++) {
        await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("q")[0] as Token));
        await refuses("KV_EXHAUSTED", () => branch.prefill(filler(store.pressure().free + 1)));
        await refuses("INVALID_ARGUMENT", () => branch.commit(-1));
      }
      assert.deepEqual([store.pressure().reserved, store.pressure().used], [reserved, used]);
      await settled();
    },
    cells,
  ),

  contractCase(
    "a run that fails half way takes back its earlier ticks",
    async ({ ctx: { engine }, tokens, hoard }) => {
      const noStop = `root ::= ${"[a-z ] ".repeat(60)}`;
      const [a, b] = [engine.open({ temperature: 1, seed: 2 }, noStop), engine.open({}, noStop)];
      await engine.prefill([a, b].map((sequence) => ({ sequence, tokens: tokens(prompt) })));
      const entries = [a, b].map((sequence) => ({ sequence, token: engine.produce(sequence).token }));
      const before = [a, b].map((sequence) => engine.row(sequence));
      const cells = await engine.countCells();
      // Room for two ticks of three.
      const release = await hoard(engine.capabilities.nCtx - cells - 5);
      await refuses("KV_EXHAUSTED", () => engine.run(entries, { maxTicks: 3 }));
      release();
      const until = () => {
        throw new RangeError("from the caller");
      };
      await assert.rejects(engine.run(entries, { maxTicks: 3, until }), RangeError);
      assert.equal(await engine.countCells(), cells);
      assert.deepEqual(
        [a, b].map((sequence) => engine.row(sequence)),
        before,
      );
      assert.deepEqual(
        [a, b].map((sequence) => engine.produce(sequence).token),
        entries.map(({ token }) => token),
      );
      for (const sequence of [a, b]) engine.close(sequence);
    },
    small,
  ),

  contractCase(
    "an error tells its code, its facts and what to do",
    async ({ root, filler, store }) => {
      const branch = await root();
      const needed = store.pressure().free + 1;
      const error: unknown = await branch.prefill(filler(needed)).catch((reason: unknown) => reason);
      assert.ok(isInferenceError(error) && error instanceof Error);
      assert.deepEqual(error.facts, { needed, available: needed - 1, doing: "prefill" });
      assert.match(error.message, /^KV_EXHAUSTED: .*\d+ cells; \d+ are free\. .*nCtx/);
      assert.match(String(error.remedy), /nCtx/);
    },
    cells,
  ),
];
