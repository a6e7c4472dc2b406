import assert from "node:assert/strict";
import type { SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import { type Bench, contractCase, letter, likeliest, prompt, refuses, small } from "./contract-case.ts";

/** A branch, and a token that is ahead of all others by 10, wherever the branch goes from here. */
async function ahead(bench: Bench): Promise<{ branch: Branch; token: Token; lead(): void }> {
  const branch = await bench.root();
  const token = letter(bench, "z");
  const lead = () => {
    const row = branch.getLogits();
    const own = row[token] as number;
    row[token] = -Infinity;
    branch.steer([{ token, bias: (row[likeliest(row)] as number) - own + 10 }]);
  };
  lead();
  return { branch, token, lead };
}

export const penaltyCases = [
  contractCase(
    "a token that was committed does not come again under a great penalty, and does without",
    async (bench) => {
      const penalties: SamplingParams[] = [{ repeatPenalty: 1e6 }, { presencePenalty: 1e6 }, { frequencyPenalty: 1e6 }];
      const parent = await bench.root();
      const token = letter(bench, "z");
      parent.setLogitBias([{ token, bias: 50 }]);
      const free = parent.forkSync();
      await free.commit(token);
      assert.equal(free.produceSync().token, token);
      for (const penalty of penalties) {
        const penalised = parent.forkSync();
        penalised.setSamplerParams(penalty);
        assert.equal(penalised.produceSync().token, token);
        await penalised.commit(token);
        assert.notEqual(penalised.produceSync().token, token, JSON.stringify(penalty));
        penalised.pruneSync();
      }
    },
  ),

  contractCase("a frequency penalty counts every time, a presence penalty once", async (bench) => {
    const { branch, token } = await ahead(bench);
    branch.setSamplerParams({ frequencyPenalty: 4 });
    for (const expected of [true, true, true, false]) {
      assert.equal(branch.produceSync().token === token, expected);
      branch.accept(token);
    }
    branch.setSamplerParams({ presencePenalty: 4 });
    assert.equal(branch.produceSync().token, token);
    branch.setSamplerParams({ presencePenalty: 11 });
    assert.notEqual(branch.produceSync().token, token);
  }),

  contractCase("negative penalties bring a token back", async (bench) => {
    const { branch, token } = await ahead(bench);
    branch.steer([]);
    branch.accept(token);
    branch.setSamplerParams({ presencePenalty: -1e6 });
    assert.equal(branch.produceSync().token, token);
  }),

  contractCase("the window holds what was committed or accepted, and nothing that was prefilled", async (bench) => {
    const { branch, token, lead } = await ahead(bench);
    branch.setSamplerParams({ presencePenalty: 11 });
    await branch.prefill([token, token]);
    lead();
    assert.equal(branch.produceSync().token, token);
    branch.accept(token);
    assert.notEqual(branch.produceSync().token, token);
  }),

  contractCase("the window is as long as it is said to be, also when it is said later", async (bench) => {
    const { branch, token } = await ahead(bench);
    const other = letter(bench, "q");
    branch.accept(token);
    for (let i = 0; i < 70; i++) branch.accept(other);
    const isPenalised = (params: SamplingParams) => {
      branch.setSamplerParams({ presencePenalty: 11, ...params });
      return branch.produceSync().token !== token;
    };
    assert.deepEqual(
      [{}, { penaltyLastN: 70 }, { penaltyLastN: 71 }, { penaltyLastN: 4096 }, { penaltyLastN: 0 }].map(isPenalised),
      [false, false, true, true, false],
    );
  }),

  contractCase("a fork takes the window along and goes on with its own", async (bench) => {
    const { branch: parent, token } = await ahead(bench);
    parent.setSamplerParams({ presencePenalty: 1e6 });
    parent.setLogitBias([{ token, bias: 1000 }]);
    const before = parent.forkSync();
    before.accept(token);
    assert.equal(parent.produceSync().token, token);
    parent.accept(token);
    const after = parent.forkSync();
    for (const branch of [before, parent, after]) assert.notEqual(branch.produceSync().token, token);
  }),

  contractCase("a token of the vocabulary is accepted, any other is refused", async ({ root, ctx }) => {
    const branch = await root();
    const { nVocab } = ctx.engine.capabilities;
    for (const token of [-1, 0.5, nVocab, Number.NaN])
      await refuses("INVALID_ARGUMENT", () => branch.accept(token), String(token));
    branch.accept(0);
    branch.accept(nVocab - 1);
  }),

  contractCase("accepting moves neither position nor grammar", async ({ root, finish, ...bench }) => {
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    const { position } = branch;
    branch.accept(letter(bench, "z"));
    branch.accept(letter(bench, "q"));
    assert.equal(branch.position, position);
    assert.equal(await finish(branch), "zebra");
  }),

  contractCase("DRY makes what would go on a repetition less likely, from its allowed length on", async (bench) => {
    const { branch, token } = await ahead(bench);
    const [a, b, c] = ["a", "b", "c"].map((text) => letter(bench, text)) as [Token, Token, Token];
    for (const each of [a, b, token, c, a, b]) branch.accept(each);
    const isPenalised = (params: SamplingParams) => {
      branch.setSamplerParams({ dryMultiplier: 11, ...params });
      return branch.produceSync().token !== token;
    };
    const params = [
      {},
      { dryAllowedLength: 1, dryMultiplier: 5, dryBase: 3 },
      { dryAllowedLength: 3 },
      { dryMultiplier: 9 },
      { dryLastN: 4 },
      { dryLastN: 6 },
      { dryBreakers: [a] },
      { dryBreakers: [token] },
      { dryBreakers: [c] },
    ];
    assert.deepEqual(params.map(isPenalised), [true, true, false, false, false, true, false, false, true]);
  }),

  contractCase(
    "a commit that fails puts nothing into the window",
    async (bench) => {
      const { branch, token } = await ahead(bench);
      branch.setSamplerParams({ presencePenalty: 11 });
      const release = await bench.hoard(bench.store.pressure().free);
      await refuses("KV_EXHAUSTED", () => branch.commit(token));
      release();
      assert.equal(branch.produceSync().token, token);
    },
    small,
  ),
];
