import assert from "node:assert/strict";
import type { TokenBias } from "../../backend/engine.ts";
import type { Branch } from "../../branch/branch.ts";
import { contractCase, letter, likeliest, prompt, refuses, stateOf } from "./contract-case.ts";

type Set = (branch: Branch, biases: readonly TokenBias[]) => void;

// What a bias does, both kinds do.
const kinds: readonly (readonly [string, Set, (branch: Branch) => void])[] = [
  ["a logit bias", (branch, biases) => branch.setLogitBias(biases), (branch) => branch.clearLogitBias()],
  ["a steer", (branch, biases) => branch.steer(biases), (branch) => branch.clearSteer()],
];

const casesOfBoth = kinds.flatMap(([kind, set, clear]) => [
  contractCase(`${kind} of -Infinity blocks a token, greedy or drawn, until it is cleared`, async ({ root }) => {
    const branch = await root();
    const first = branch.produceSync();
    set(branch, [{ token: first.token, bias: -Infinity }]);
    const row = branch.getLogits();
    row[first.token] = -Infinity;
    assert.equal(branch.produceSync().token, likeliest(row));
    branch.setSamplerParams({ temperature: 2 });
    for (let i = 0; i < 50; i++) assert.notEqual(branch.sample(), first.token);
    branch.setSamplerParams({});
    clear(branch);
    assert.deepEqual(branch.produceSync(), first);
  }),

  contractCase(`${kind} adds to the logit of its token alone`, async (bench) => {
    const branch = await bench.root();
    const row = branch.getLogits();
    const best = likeliest(row);
    const token = [letter(bench, "z"), letter(bench, "q")].find((each) => each !== best) as number;
    const gap = (row[best] as number) - (row[token] as number);
    set(branch, [{ token, bias: gap - 0.1 }]);
    assert.equal(branch.produceSync().token, best);
    set(branch, [{ token, bias: gap + 0.1 }]);
    assert.equal(branch.produceSync().token, token);
    // Each call takes the place of the one before.
    set(branch, [{ token: best, bias: 0.01 }]);
    assert.equal(branch.produceSync().token, best);
    // Entries for one token add up.
    set(branch, [
      { token, bias: gap - 0.1 },
      { token, bias: 0.2 },
    ]);
    assert.equal(branch.produceSync().token, token);
  }),

  contractCase(`${kind} stays over commits, and voids the memo of a step`, async ({ root, store, ...bench }) => {
    const branch = await root();
    const token = letter(bench, "z");
    await store.step([[branch, branch.produceSync().token]]);
    set(branch, [{ token, bias: 1000 }]);
    for (let i = 0; i < 3; i++) {
      assert.equal(branch.produceSync().token, token);
      await store.step([[branch, token]]);
    }
  }),

  contractCase(`${kind} cannot bring a token that the grammar forbids`, async (bench) => {
    const branch = await bench.root(prompt, {}, 'root ::= "zebra"');
    set(branch, [{ token: letter(bench, "q"), bias: 1000 }]);
    assert.equal(await bench.finish(branch), "zebra");
  }),

  contractCase(`${kind} does not forbid a commit`, async ({ root }) => {
    const branch = await root();
    const { token } = branch.produceSync();
    set(branch, [{ token, bias: -Infinity }]);
    await branch.commit(token);
  }),

  contractCase(`${kind} that blocks everything is an error of produce, and can be cleared`, async ({ root, ctx }) => {
    const branch = await root();
    const next = branch.produceSync();
    set(
      branch,
      Array.from({ length: ctx.engine.capabilities.nVocab }, (_, token) => ({ token, bias: -Infinity })),
    );
    for (const temperature of [0, 1]) {
      branch.setSamplerParams({ temperature });
      await refuses("INVALID_ARGUMENT", () => branch.produceSync());
      await refuses("INVALID_ARGUMENT", () => branch.sample());
    }
    branch.setSamplerParams({});
    clear(branch);
    assert.deepEqual(branch.produceSync(), next);
  }),

  contractCase(`${kind} that is none is refused whole, and the one before stays`, async ({ root, ctx, ...bench }) => {
    const branch = await root();
    const token = letter(bench, "z");
    set(branch, [{ token, bias: 1000 }]);
    const before = stateOf(branch);
    const wrong: [number, unknown][] = [
      [-1, 0],
      [0.5, 0],
      [ctx.engine.capabilities.nVocab, 0],
      [Number.NaN, 0],
      [0, Number.NaN],
      [0, Infinity],
      [0, "1"],
    ];
    for (const [bad, bias] of wrong) {
      const biases = [{ token, bias: -Infinity }, { token: bad, bias } as TokenBias];
      await refuses("INVALID_ARGUMENT", () => set(branch, biases), `${bad}: ${bias}`);
    }
    assert.deepEqual(stateOf(branch), before);
  }),
]);

export const biasCases = [
  ...casesOfBoth,

  contractCase("a fork inherits the logit bias and not the steer", async (bench) => {
    const parent = await bench.root();
    const [z, q] = [letter(bench, "z"), letter(bench, "q")];
    parent.setLogitBias([{ token: z, bias: 500 }]);
    parent.steer([{ token: q, bias: 1000 }]);
    const child = parent.forkSync();
    assert.deepEqual([parent.produceSync().token, child.produceSync().token], [q, z]);
    child.clearLogitBias();
    child.steer([{ token: z, bias: -Infinity }]);
    parent.clearSteer();
    assert.equal(parent.produceSync().token, z);
    assert.notEqual(child.produceSync().token, z);
    assert.equal(parent.forkSync().produceSync().token, z);
  }),

  contractCase("logit bias and steer add up", async (bench) => {
    const branch = await bench.root();
    const [z, q] = [letter(bench, "z"), letter(bench, "q")];
    branch.setLogitBias([{ token: z, bias: 1000 }]);
    branch.steer([
      { token: z, bias: -300 },
      { token: q, bias: 500 },
    ]);
    assert.equal(branch.produceSync().token, z);
    branch.steer([
      { token: z, bias: -700 },
      { token: q, bias: 500 },
    ]);
    assert.equal(branch.produceSync().token, q);
    branch.clearSteer();
    assert.equal(branch.produceSync().token, z);
  }),

  contractCase("biases act on what is drawn from, so they count in the sampling perplexity", async (bench) => {
    const branch = await bench.root(prompt, { temperature: 1 });
    const token = letter(bench, "z");
    branch.setLogitBias([{ token, bias: 1000 }]);
    await bench.write(branch, 3);
    assert.equal(branch.samplingPerplexity, 1);
    assert.ok(branch.perplexity > 1);
  }),
];
