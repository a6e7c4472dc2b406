import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import { Branch } from "../../branch/branch.ts";
import { isInferenceError } from "../../errors.ts";
import { contractCase, refuses, stateOf, usesOf } from "./contract-case.ts";

export const argumentCases = [
  contractCase("a token outside the vocabulary is refused", async ({ root, store, filler, ctx }) => {
    const branch = await root();
    const before = stateOf(branch);
    const { nVocab } = ctx.engine.capabilities;
    const none = [undefined, null, "1", {}] as unknown[] as Token[];
    for (const token of [-1, nVocab, 1.5, Number.NaN, Infinity, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 53, ...none]) {
      const what = String(token);
      await refuses("INVALID_ARGUMENT", () => branch.prefill([token]), what);
      await refuses("INVALID_ARGUMENT", () => branch.prefill([...filler(3), token, ...filler(3)]), what);
      await refuses("INVALID_ARGUMENT", () => branch.commit(token), what);
      await refuses("INVALID_ARGUMENT", () => store.step([[branch, token]]), what);
    }
    assert.deepEqual(stateOf(branch), before);
    await branch.prefill([0, nVocab - 1]);
  }),

  contractCase("what is no list, no branch and no object is refused, and nothing happens", async ({ root, store }) => {
    const branch = await root();
    const before = stateOf(branch);
    for (const wrong of [undefined, null, 5, "text", {}, true] as unknown[] as never[]) {
      const what = String(wrong);
      await refuses("INVALID_ARGUMENT", () => branch.prefill(wrong), what);
      await refuses("INVALID_ARGUMENT", () => store.prefill([[branch, wrong]]), what);
      await refuses("INVALID_ARGUMENT", () => store.prefill(wrong), what);
      await refuses("INVALID_ARGUMENT", () => store.prefill([wrong]), what);
      await refuses("INVALID_ARGUMENT", () => store.commit(wrong), what);
      await refuses("INVALID_ARGUMENT", () => store.commit([[wrong, before.next.token]]), what);
      await refuses("INVALID_ARGUMENT", () => store.step([wrong]), what);
      await refuses("INVALID_ARGUMENT", () => store.longestPrefix(wrong), what);
      await refuses("INVALID_ARGUMENT", () => store.forkMany(wrong, 1), what);
      await refuses("INVALID_ARGUMENT", () => store.save(wrong), what);
    }
    for (const wrong of [null, 5, "text", true] as unknown[] as never[])
      await refuses("INVALID_ARGUMENT", () => store.run([[branch, before.next.token]], wrong), String(wrong));
    assert.deepEqual(stateOf(branch), before);
  }),

  contractCase("sampler and grammar of a wrong type are refused, and those before stay", async ({ root, ctx }) => {
    const branch = await root("A text", { temperature: 0.9, seed: 5 });
    branch.setGrammar('root ::= [a-z ]+ "."');
    const before = stateOf(branch);
    for (const wrong of [null, 5, "text", true, []] as unknown[] as never[]) {
      await refuses("INVALID_ARGUMENT", () => branch.setSamplerParams(wrong), String(wrong));
      await refuses("INVALID_ARGUMENT", () => Branch.create(ctx, 0, wrong), String(wrong));
    }
    for (const wrong of [undefined, null, "1", {}] as unknown[] as number[])
      await refuses("INVALID_ARGUMENT", () => branch.reseedSampler(wrong), String(wrong));
    for (const wrong of [5, {}, true] as unknown[] as string[]) {
      await refuses("INVALID_ARGUMENT", () => branch.setGrammar(wrong), String(wrong));
      await refuses("INVALID_ARGUMENT", () => Branch.create(ctx, 0, {}, undefined, wrong), String(wrong));
    }
    for (const wrong of [undefined, null, 5, {}] as unknown[] as string[])
      await refuses(
        "INVALID_ARGUMENT",
        () => branch.setGrammarLazy(wrong, [{ type: "word", text: "x" }]),
        String(wrong),
      );
    assert.deepEqual(stateOf(branch), before);
    // Empty is none, wherever it is given.
    const free = Branch.create(ctx, 0, {}, undefined, "");
    free.pruneSync();
  }),

  contractCase("a branch twice in one call is refused", async ({ root, store }) => {
    const branch = await root();
    const before = stateOf(branch);
    const { token } = before.next;
    await refuses("INVALID_ARGUMENT", () =>
      store.commit([
        [branch, token],
        [branch, token],
      ]),
    );
    await refuses("INVALID_ARGUMENT", () =>
      store.step([
        [branch, token],
        [branch, token],
      ]),
    );
    await refuses("INVALID_ARGUMENT", () =>
      store.prefill([
        [branch, [token]],
        [branch, [token]],
      ]),
    );
    assert.deepEqual(stateOf(branch), before);
    await branch.commit(token);
  }),

  contractCase("one unusable branch refuses a whole call, and the others stay free", async ({ root, store }) => {
    const parent = await root();
    const [live, pruned, flying] = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
    const { token } = parent.produceSync();
    const before = stateOf(live);
    pruned.pruneSync();
    const flight = flying.commit(token);
    const calls = [
      ["BRANCH_DISPOSED", pruned],
      ["BRANCH_IN_FLIGHT", flying],
    ] as const;
    for (const [code, bad] of calls) {
      for (const order of [
        [live, bad],
        [bad, live],
      ]) {
        await refuses(code, () => store.commit(order.map((branch) => [branch, token] as const)));
        await refuses(code, () => store.prefill(order.map((branch) => [branch, [token]] as const)));
      }
    }
    assert.deepEqual(stateOf(live), before);
    await flight;
  }),

  contractCase("a branch of another context is refused, and nothing happens to it", async (bench) => {
    const stranger = await (await bench.another()).root();
    const own = await bench.root();
    const before = [own, stranger].map(stateOf);
    const { token } = own.produceSync();
    await refuses("INVALID_ARGUMENT", () => bench.store.prefill([[stranger, [token]]]));
    await refuses("INVALID_ARGUMENT", () =>
      bench.store.commit([
        [own, token],
        [stranger, token],
      ]),
    );
    await refuses("INVALID_ARGUMENT", () => bench.store.step([[stranger, token]]));
    assert.deepEqual([own, stranger].map(stateOf), before);
  }),

  contractCase(
    "what is wrong with an awaited call rejects its promise, and is not thrown at its caller",
    async (bench) => {
      const { store, root } = bench;
      const stranger = await (await bench.another()).root();
      const pruned = await root();
      const { token } = pruned.produceSync();
      pruned.pruneSync();
      const calls: Promise<unknown>[] = [];
      for (const branch of [pruned, stranger]) {
        calls.push(store.prefill([[branch, [token]]]), store.commit([[branch, token]]), store.step([[branch, token]]));
      }
      calls.push(pruned.prefill([token]), pruned.commit(token), pruned.produce(), pruned.fork());
      calls.push(stranger.forkSync() && stranger.prune());
      for (const call of calls) await assert.rejects(call, isInferenceError);
    },
  ),

  contractCase("the position of a new root is within the context", async ({ ctx, store }) => {
    const { nCtx, cellsPerToken } = ctx.engine.capabilities;
    for (const position of [-1, 0.5, nCtx + 1, Number.NaN, Infinity]) {
      await refuses("INVALID_ARGUMENT", () => Branch.create(ctx, position), String(position));
    }
    const branch = Branch.create(ctx, nCtx);
    assert.deepEqual([branch.position, store.pressure().free], [0, cellsPerToken > 0 ? 0 : nCtx]);
    branch.pruneSync();
    assert.equal(store.liveBranches, 0);
  }),

  contractCase("the batch size of a branch is within its context's", async ({ ctx, store }) => {
    const { nBatch } = ctx.engine.capabilities;
    for (const size of [0, -1, 1.5, nBatch + 1, Number.NaN, Infinity]) {
      await refuses("INVALID_ARGUMENT", () => Branch.create(ctx, 0, {}, size), String(size));
    }
    assert.equal(store.liveBranches, 0);
  }),

  contractCase("a disposed context refuses work, and disposing twice is a no-op", async (bench) => {
    const { ctx, store } = bench;
    const branch = await bench.root();
    const { token } = branch.produceSync();
    await bench.dispose();
    await bench.dispose();
    for (const [name, use] of usesOf(branch, store, token)) await refuses("CONTEXT_DISPOSED", use, name);
    await refuses("CONTEXT_DISPOSED", () => Branch.create(ctx, 0));
    await refuses("CONTEXT_DISPOSED", () => store.countCells());
    // Owners that tear down late are not to be punished.
    branch.pruneSync();
    assert.equal(store.pressure().used, 0);
  }),

  contractCase("a dispose waits for the batch in flight, and refuses what waits behind it", async (bench) => {
    const { root, create, store, filler } = bench;
    const [branch, first] = [await root(), create()];
    const { token } = branch.produceSync();
    const inFlight = first.prefill(filler(40));
    const waiting = [
      refuses("CONTEXT_DISPOSED", () => branch.commit(token)),
      refuses("CONTEXT_DISPOSED", () => store.countCells()),
    ];
    await bench.dispose();
    assert.equal(first.position, 40);
    await Promise.all([inFlight, ...waiting]);
    assert.equal(store.pressure().reserved, 0);
  }),
];
