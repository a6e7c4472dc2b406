import assert from "node:assert/strict";
import type { SamplingParams } from "../../backend/engine.ts";
import { contractCase, prompt, refuses } from "./contract-case.ts";

const warm: SamplingParams = { temperature: 1.5, seed: 42 };

export const samplingCases = [
  contractCase("produce is idempotent and moves nothing", async ({ root }) => {
    const branch = await root(prompt, { temperature: 1, seed: 5 });
    const start = branch.position;
    const first = branch.produceSync();
    const expected = { ...first };
    // What a caller does to its answer stays with the caller.
    first.text = "changed";
    assert.deepEqual(branch.produceSync(), expected);
    assert.equal(branch.position, start);
  }),

  contractCase("greedy produce takes the highest logit", async ({ root }) => {
    const branch = await root();
    const row = branch.getLogits();
    assert.equal(branch.produceSync().token, row.indexOf(Math.max(...row)));
  }),

  contractCase("the same seed gives the same tokens, another seed others", async ({ root, write }) => {
    const first = await write(await root(prompt, warm), 12);
    assert.deepEqual(await write(await root(prompt, warm), 12), first);
    assert.notDeepEqual(await write(await root(prompt, { ...warm, seed: 43 }), 12), first);
  }),

  contractCase("a draw does not depend on how often or when others drew", async ({ root, write }) => {
    const alone = await write(await root(prompt, warm), 6);
    const parent = await root(prompt, warm);
    const [watched, other] = [parent.forkSync(), parent.forkSync()];
    other.setSamplerParams({ ...warm, seed: 7 });
    for (const expected of alone) {
      for (let i = 0; i < 3; i++) other.produceSync();
      await write(other, 1);
      assert.equal(watched.produceSync().token, expected);
      await write(watched, 1);
    }
  }),

  contractCase("forks that do the same stay the same", async ({ root, write }) => {
    const parent = await root(prompt, { temperature: 0.9, topK: 40, seed: 11 });
    const [a, b] = [parent.forkSync(), parent.forkSync()];
    assert.deepEqual(await write(a, 8), await write(b, 8));
  }),

  contractCase("forks with other seeds part, and their parent keeps its own", async ({ root, write }) => {
    const parent = await root(prompt, warm);
    const [twin, ...others] = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
    for (const [i, other] of others.entries()) other.setSamplerParams({ ...warm, seed: 100 + i });
    const written = [await write(parent, 12), await write(twin, 12)];
    assert.deepEqual(written[0], written[1]);
    for (const other of others) written.push(await write(other, 12));
    assert.equal(new Set(written.map(String)).size, 3);
  }),

  contractCase("top-k 1 is greedy at any temperature", async ({ root }) => {
    const greedy = (await root()).produceSync();
    for (const cut of [{ topK: 1 }, { topP: 1e-6 }, { minP: 1 }]) {
      assert.deepEqual((await root(prompt, { temperature: 2, seed: 8, ...cut })).produceSync(), greedy);
    }
  }),

  contractCase("top-k keeps the k likeliest", async ({ root }) => {
    const branch = await root();
    const row = branch.getLogits();
    const likeliest = [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number)).slice(0, 3);
    const drawn = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      branch.setSamplerParams({ temperature: 50, topK: 3, seed });
      drawn.add(branch.produceSync().token);
    }
    assert.deepEqual([...drawn].sort(), likeliest.sort());
  }),

  contractCase("new sampling parameters void the memo, equal ones change nothing", async ({ root }) => {
    const branch = await root(prompt, { temperature: 3, seed: 1 });
    const first = branch.produceSync();
    branch.setSamplerParams({ temperature: 3, seed: 1 });
    assert.deepEqual(branch.produceSync(), first);
    branch.setSamplerParams({ temperature: 0 });
    assert.deepEqual(branch.produceSync(), (await root()).produceSync());
  }),

  contractCase("sampling parameters out of range or unknown are refused, and those before stay", async (bench) => {
    const branch = await bench.root(prompt, { temperature: 3, seed: 1 });
    const next = branch.produceSync();
    const wrong: Record<string, readonly unknown[]> = {
      temperature: [-1, Number.NaN, Infinity, "1"],
      topK: [-1, 1.5, 2 ** 31],
      topP: [0, 1.1, -0.5, Number.NaN],
      minP: [-0.1, 2],
      seed: [-1, 0.5, 2 ** 32],
      warmth: [1],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const params = { [name]: value } as SamplingParams;
        await refuses("INVALID_ARGUMENT", () => bench.create(params), `${name}: ${value}`);
        await refuses("INVALID_ARGUMENT", () => branch.setSamplerParams(params), `${name}: ${value}`);
      }
    }
    assert.deepEqual(branch.produceSync(), next);
    assert.equal(bench.store.liveBranches, 1);
  }),

  contractCase("the ends of every range are allowed", async ({ root }) => {
    const branch = await root();
    const ends: SamplingParams[] = [
      { temperature: 0, topK: 0, topP: 1, minP: 0, seed: 0 },
      { temperature: 100, topK: 2 ** 31 - 1, topP: Number.MIN_VALUE, minP: 1, seed: 2 ** 32 - 1 },
      { temperature: undefined, seed: undefined },
    ];
    for (const params of ends) {
      branch.setSamplerParams(params);
      branch.produceSync();
    }
  }),
];
