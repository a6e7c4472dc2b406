import assert from "node:assert/strict";
import type { SamplingParams } from "../../backend/engine.ts";
import type { Branch } from "../../branch/branch.ts";
import { contractCase, prompt, refuses, stateOf } from "./contract-case.ts";

const warm: SamplingParams = { temperature: 2, seed: 42 };
const draws = (branch: Branch, count: number) => Array.from({ length: count }, () => branch.sample());

export const drawCases = [
  contractCase("sample draws anew each time, and moves nothing that can be seen", async ({ root }) => {
    const branch = await root(prompt, warm);
    const before = stateOf(branch);
    assert.ok(new Set(draws(branch, 50)).size > 1);
    assert.deepEqual(stateOf(branch), before);
  }),

  contractCase("greedy samples are what produce gives", async ({ root }) => {
    const branch = await root();
    const { token } = branch.produceSync();
    assert.deepEqual(draws(branch, 3), [token, token, token]);
    branch.setSamplerParams({ temperature: 50, topK: 1 });
    assert.deepEqual(draws(branch, 3), [token, token, token]);
  }),

  contractCase("samples keep to the grammar, and to the logits there are", async ({ root, create, tokens }) => {
    const branch = await root(prompt, { temperature: 5 }, "root ::= [0-9]+");
    const digits = new Set(tokens("0 1 2 3 4 5 6 7 8 9"));
    const isDigits = (token: number) => {
      const fork = branch.forkSync();
      return fork.commit(token).then(() => fork.pruneSync());
    };
    for (const token of new Set(draws(branch, 20))) if (!digits.has(token)) await isDigits(token);
    await refuses("NO_LOGITS", () => create().sample());
  }),

  contractCase("forks draw the same series, and after another seed each its own", async ({ root, store }) => {
    const parent = await root(prompt, warm);
    parent.sample();
    const [a, b, c] = store.forkMany(parent, 3) as [Branch, Branch, Branch];
    assert.deepEqual(draws(a, 10), draws(b, 10));
    b.reseedSampler(7);
    c.reseedSampler(7);
    const series = draws(b, 20);
    assert.deepEqual(draws(c, 20), series);
    assert.notDeepEqual(draws(a, 20), series);
    c.reseedSampler(7);
    assert.deepEqual(draws(c, 20), series);
  }),

  contractCase("draws are counted anew after a commit", async ({ root, store }) => {
    const parent = await root(prompt, warm);
    const [often, never] = store.forkMany(parent, 2) as [Branch, Branch];
    draws(often, 5);
    const { token } = parent.produceSync();
    await often.commit(token);
    await never.commit(token);
    assert.deepEqual(draws(often, 10), draws(never, 10));
    assert.deepEqual(often.produceSync(), never.produceSync());
  }),

  contractCase("another seed gives other tokens, and the first one the first ones again", async ({ root, write }) => {
    const parent = await root(prompt, warm);
    const written: number[][] = [];
    for (const seed of [1, 2, 1]) {
      const branch = parent.forkSync();
      branch.reseedSampler(seed);
      written.push(await write(branch, 12));
      branch.pruneSync();
    }
    assert.deepEqual(written[2], written[0]);
    assert.notDeepEqual(written[1], written[0]);
  }),

  contractCase("a new seed is as if the branch had had it from the start", async ({ root, write }) => {
    const branch = await root(prompt, { ...warm, topP: 0.9 });
    branch.reseedSampler(9);
    assert.deepEqual(await write(branch, 8), await write(await root(prompt, { ...warm, topP: 0.9, seed: 9 }), 8));
  }),

  contractCase("a new seed voids the memo, and changes nothing where nothing is drawn", async ({ root, store }) => {
    const branch = await root(prompt, { temperature: 5, seed: 1 });
    await store.step([[branch, branch.produceSync().token]]);
    const produced = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      branch.reseedSampler(seed);
      produced.add(branch.produceSync().token);
    }
    assert.ok(produced.size > 1);
    const greedy = await root();
    const next = greedy.produceSync();
    greedy.reseedSampler(99);
    assert.deepEqual(greedy.produceSync(), next);
  }),

  contractCase("parameters without a seed keep the one there is", async ({ root, write }) => {
    const parent = await root(prompt, warm);
    const [kept, given] = [parent.forkSync(), parent.forkSync()];
    kept.reseedSampler(5);
    kept.setSamplerParams({ temperature: 3 });
    given.setSamplerParams({ temperature: 3, seed: 5 });
    assert.deepEqual(await write(kept, 8), await write(given, 8));
    assert.deepEqual(await write(kept.forkSync(), 8), await write(given.forkSync(), 8));
  }),

  contractCase("a seed is an integer below 2^32", async ({ root }) => {
    const branch = await root(prompt, warm);
    const before = stateOf(branch);
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN, Infinity, "1"])
      await refuses("INVALID_ARGUMENT", () => branch.reseedSampler(seed as number), String(seed));
    assert.deepEqual(stateOf(branch), before);
    branch.reseedSampler(2 ** 32 - 1);
    branch.reseedSampler(0);
  }),
];
