import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import { contractCase, likeliest, near, prompt, refuses, stateOf } from "./contract-case.ts";

/** -ln p(token) under softmax(row / temperature), from its definition. */
function surprisalOf(row: Float32Array, token: Token, temperature = 1): number {
  const best = Math.max(...row);
  const partition = row.reduce((sum, logit) => sum + Math.exp((logit - best) / temperature), 0);
  return Math.log(partition) - ((row[token] as number) - best) / temperature;
}

/** Commits `count` produced tokens, and gives exp of the mean surprisal of each under its row. */
async function writeMeasured(branch: Branch, count: number, temperature = 1): Promise<number> {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { token } = branch.produceSync();
    sum += surprisalOf(branch.getLogits(), token, temperature);
    await branch.commit(token);
  }
  return Math.exp(sum / count);
}

export const metricsCases = [
  contractCase(
    "entropy lies between none and that of a flat row, in nats and in bits",
    async ({ root, ctx }) => {
      const branch = await root();
      const entropy = branch.modelEntropy();
      assert.ok(entropy >= 0 && entropy <= Math.log(ctx.engine.capabilities.nVocab), String(entropy));
      near(branch.modelEntropy("bits") * Math.LN2, entropy, "bits");
      const row = branch.getLogits();
      const expected = [...row.keys()].reduce((sum, token) => {
        const surprisal = surprisalOf(row, token);
        return sum + (surprisal === Infinity ? 0 : Math.exp(-surprisal) * surprisal);
      }, 0);
      near(entropy, expected, "entropy of the row");
    },
    { nCtx: 256 },
  ),

  contractCase("surprisal is -ln of a token's probability, least for the likeliest", async ({ root, filler }) => {
    const branch = await root();
    const row = branch.getLogits();
    const least = branch.modelSurprisal(likeliest(row));
    for (const token of [likeliest(row), 0, row.length - 1, ...filler(5)]) {
      near(branch.modelSurprisal(token), surprisalOf(row, token), `token ${token}`);
      near(branch.modelSurprisal(token, "bits") * Math.LN2, surprisalOf(row, token), `token ${token} in bits`);
      assert.ok(least <= branch.modelSurprisal(token));
    }
  }),

  contractCase("the model's measures do not see the sampler", async ({ root }) => {
    const branch = await root();
    const token = likeliest(branch.getLogits());
    const measures = () => [branch.modelEntropy(), branch.modelSurprisal(token), branch.getLogits()];
    const before = measures();
    branch.setSamplerParams({ temperature: 2, topK: 2, repeatPenalty: 3 });
    branch.setLogitBias([{ token, bias: -Infinity }]);
    branch.steer([{ token, bias: 5 }]);
    branch.setGrammar('root ::= "zebra"');
    assert.deepEqual(measures(), before);
  }),

  contractCase("perplexity is exp of the mean surprisal of what was committed", async ({ root, write }) => {
    const branch = await root(prompt, { temperature: 1, seed: 3 });
    assert.deepEqual([branch.perplexity, branch.samplingPerplexity], [Number.NaN, Number.NaN]);
    near(await writeMeasured(branch, 6), branch.perplexity, "after 6");
    // Nothing is cut off at temperature 1, so what is sampled from is the model's own distribution.
    near(branch.samplingPerplexity, branch.perplexity, "sampling");
    const before = branch.perplexity;
    await write(branch, 1);
    assert.notEqual(branch.perplexity, before);
  }),

  contractCase("sampling perplexity is that of what was drawn from", async ({ root }) => {
    const hot = await root(prompt, { temperature: 3, seed: 3 });
    near(await writeMeasured(hot, 5, 3), hot.samplingPerplexity, "at temperature 3");
    const cut = await root(prompt, { temperature: 3, topK: 1 });
    await writeMeasured(cut, 3);
    near(cut.samplingPerplexity, 1, "top-k 1");
    const two = await root(prompt, { temperature: 1, topK: 2, seed: 1 });
    await writeMeasured(two, 5);
    assert.ok(two.samplingPerplexity >= 1 && two.samplingPerplexity <= two.perplexity);
  }),

  contractCase("greedy choices have sampling perplexity 1, and a token that is none has no bound", async (bench) => {
    const greedy = await bench.root();
    near(await writeMeasured(greedy, 4), greedy.perplexity, "greedy");
    assert.equal(greedy.samplingPerplexity, 1);
    const next = greedy.produceSync().token;
    const other = bench.tokens("zq").find((token) => token !== next) as Token;
    await greedy.commit(other);
    assert.equal(greedy.samplingPerplexity, Infinity);
    assert.ok(Number.isFinite(greedy.perplexity));
  }),

  contractCase("what is prefilled, looked at or accepted does not count", async ({ root, tokens, write }) => {
    const branch = await root();
    await write(branch, 2);
    const before = branch.perplexity;
    await branch.prefill(tokens(" and so on"));
    branch.produceSync();
    branch.sample();
    branch.accept(tokens("a")[0] as Token);
    assert.equal(branch.perplexity, before);
  }),

  contractCase("the first token of an empty branch has no row, and does not count", async ({ create, tokens }) => {
    const branch = create();
    await branch.commit(tokens("x")[0] as Token);
    assert.ok(Number.isNaN(branch.perplexity) && Number.isNaN(branch.samplingPerplexity));
    near(await writeMeasured(branch, 3), branch.perplexity, "after 3");
  }),

  contractCase("a fork inherits the perplexities and goes on with its own", async ({ root, write }) => {
    const parent = await root(prompt, { temperature: 2, seed: 1 });
    await write(parent, 3);
    const child = parent.forkSync();
    const before = stateOf(parent);
    assert.deepEqual(stateOf(child).perplexities, before.perplexities);
    await write(child, 3);
    assert.notEqual(child.perplexity, parent.perplexity);
    assert.deepEqual(stateOf(parent).perplexities, before.perplexities);
  }),

  contractCase("without logits, for a stranger's token or in another unit there is no measure", async (bench) => {
    const empty = bench.create();
    await refuses("NO_LOGITS", () => empty.modelEntropy());
    await refuses("NO_LOGITS", () => empty.modelSurprisal(0));
    const branch = await bench.root();
    for (const token of [-1, 0.5, bench.ctx.engine.capabilities.nVocab, Number.NaN])
      await refuses("INVALID_ARGUMENT", () => branch.modelSurprisal(token), String(token));
    await refuses("INVALID_ARGUMENT", () => branch.modelEntropy("dits" as "bits"));
  }),
];
