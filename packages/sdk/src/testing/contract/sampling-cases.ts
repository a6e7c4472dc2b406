import assert from "node:assert/strict";
import type { SamplingParams } from "../../backend/engine.ts";
import { contractCase, letter, prompt, refuses, small } from "./contract-case.ts";

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

  contractCase("what leaves one token is greedy at any temperature", async ({ root }) => {
    const greedy = (await root()).produceSync();
    const cuts: SamplingParams[] = [
      { topK: 1 },
      { topP: 1e-6 },
      { minP: 1 },
      { topNSigma: 1e-6 },
      { mirostat: 1, mirostatTau: 1e-6 },
      { mirostat: 2, mirostatTau: 1e-6 },
      // Any doubt below the greatest possible one, to the hundredth power, is none.
      { temperature: 50, dynatempRange: 50, dynatempExponent: 100 },
    ];
    for (const cut of cuts) {
      const branch = await root(prompt, { temperature: 2, seed: 8, ...cut });
      assert.deepEqual(branch.produceSync(), greedy, JSON.stringify(cut));
      branch.pruneSync();
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

  contractCase("XTC drops the likeliest of several, always or never", async ({ root }) => {
    const branch = await root();
    const best = branch.produceSync().token;
    const drawn = (xtcProbability: number) => {
      branch.setSamplerParams({ temperature: 0.5, xtcProbability, xtcThreshold: 1e-6 });
      return Array.from({ length: 50 }, () => branch.sample());
    };
    assert.ok(drawn(0).includes(best));
    assert.ok(!drawn(1).includes(best));
  }),

  contractCase("a cut keeps no token that a harder one of its kind drops", async ({ root }) => {
    const branch = await root();
    const drawnUnder = (params: SamplingParams) => {
      branch.setSamplerParams({ temperature: 1, ...params });
      return new Set(Array.from({ length: 100 }, () => branch.sample()));
    };
    const kinds: [SamplingParams, SamplingParams][] = [
      [{ topP: 0.3 }, { topP: 1 }],
      [{ minP: 0.5 }, { minP: 0 }],
      [{ topNSigma: 1 }, { topNSigma: 0 }],
      [{ typicalP: 0.2 }, { typicalP: 1 }],
      [
        { mirostat: 2, mirostatTau: 0.5 },
        { mirostat: 2, mirostatTau: 100 },
      ],
    ];
    for (const [hard, soft] of kinds) {
      const [few, many] = [drawnUnder(hard), drawnUnder(soft)];
      assert.ok(few.size <= many.size, `${JSON.stringify(hard)}: ${few.size} of ${many.size}`);
    }
  }),

  contractCase("greedy takes no notice of what cuts, and does of penalties", async ({ root }) => {
    const branch = await root();
    const { token } = branch.produceSync();
    branch.setSamplerParams({ xtcProbability: 1, xtcThreshold: 1e-6, typicalP: 0.1, mirostat: 2, dynatempRange: 1 });
    assert.equal(branch.produceSync().token, token);
    branch.accept(token);
    branch.setSamplerParams({ presencePenalty: 1e6 });
    assert.notEqual(branch.produceSync().token, token);
  }),

  contractCase(
    "Mirostat's bound goes along with a fork and comes back after a failure",
    async (bench) => {
      const params: SamplingParams = { temperature: 1, mirostat: 2, mirostatTau: 3, mirostatEta: 1, seed: 5 };
      const parent = await bench.root(prompt, params);
      await bench.write(parent, 4);
      const [a, b] = [parent.forkSync(), parent.forkSync()];
      const release = await bench.hoard(bench.store.pressure().free);
      await refuses("KV_EXHAUSTED", () => a.commit(a.produceSync().token));
      release();
      assert.deepEqual(await bench.write(a, 8), await bench.write(b, 8));
    },
    small,
  ),

  contractCase(
    "Mirostat allows more after tokens that do not surprise, and begins anew with new parameters",
    async (bench) => {
      const params: SamplingParams = { temperature: 50, mirostat: 2, mirostatTau: 2, mirostatEta: 1 };
      const branch = await bench.root(prompt, params);
      const drawn = () => new Set(Array.from({ length: 60 }, () => branch.sample())).size;
      // Within 4 bits there are at most 16 tokens.
      assert.ok(drawn() <= 16);
      branch.setLogitBias([{ token: letter(bench, "z"), bias: 1000 }]);
      await bench.write(branch, 10);
      branch.clearLogitBias();
      assert.ok(drawn() > 16);
      branch.setSamplerParams({ ...params, minP: 0.01 });
      assert.ok(drawn() <= 16);
    },
  ),

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
      repeatPenalty: [0, -1, Number.NaN, Infinity],
      frequencyPenalty: [Number.NaN, Infinity, -Infinity],
      presencePenalty: [Number.NaN, Infinity],
      penaltyLastN: [-1, 0.5, 4097],
      dryMultiplier: [-1, Number.NaN],
      dryBase: [0.9, Number.NaN],
      dryAllowedLength: [0, 1.5],
      dryLastN: [-1, 4097],
      dryBreakers: [[-1], [0.5], [2 ** 31], Array(65).fill(1), 3],
      topNSigma: [-1, Number.NaN],
      typicalP: [0, 1.1],
      xtcProbability: [-0.1, 1.1],
      xtcThreshold: [0, 0.6],
      mirostat: [3, -1, 0.5, "1"],
      mirostatTau: [0, Number.NaN],
      mirostatEta: [0, 1.1],
      dynatempRange: [-1, Number.NaN],
      dynatempExponent: [0, Number.NaN],
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
      { repeatPenalty: 1e6, frequencyPenalty: -1e6, presencePenalty: 1e6, penaltyLastN: 4096, temperature: 1 },
      { dryMultiplier: 1e6, dryBase: 1e6, dryAllowedLength: 1, dryLastN: 4096, dryBreakers: [], temperature: 1 },
      { topNSigma: 1e6, typicalP: 1, xtcProbability: 1, xtcThreshold: 0.5, temperature: 1 },
      { mirostat: 1, mirostatTau: 100, mirostatEta: 1, temperature: 1 },
      { dynatempRange: 100, dynatempExponent: 100, temperature: 100 },
    ];
    for (const params of ends) {
      branch.setSamplerParams(params);
      branch.produceSync();
    }
  }),
];
