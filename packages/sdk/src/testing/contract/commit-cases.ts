import assert from "node:assert/strict";
import type { Produced } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import { contractCase, letter, only, prompt, refuses } from "./contract-case.ts";

export const commitCases = [
  contractCase("commit advances by one and changes the row", async ({ root }) => {
    const branch = await root();
    const [before, row] = [branch.position, branch.getLogits()];
    await branch.commit(branch.produceSync().token);
    assert.equal(branch.position, before + 1);
    assert.notDeepEqual(branch.getLogits(), row);
  }),

  contractCase("without a grammar any token may be committed, not only the produced one", async ({ root, tokens }) => {
    const parent = await root();
    const [likely, unlikely] = [parent.forkSync(), parent.forkSync()];
    const { token } = likely.produceSync();
    const other = tokens("zq").find((each) => each !== token) as Token;
    await likely.commit(token);
    await unlikely.commit(other);
    assert.equal(unlikely.position, likely.position);
    assert.notDeepEqual(unlikely.getLogits(), likely.getLogits());
  }),

  contractCase("the first token of an empty branch may be committed", async ({ create, tokens }) => {
    const branch = create();
    await branch.commit(tokens("x")[0] as Token);
    assert.equal(branch.position, 1);
    branch.produceSync();
  }),

  contractCase("many branches advance in one tick", async ({ root, store, tokens }) => {
    const parent = await root();
    const branches = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
    await store.prefill(branches.map((branch, i) => [branch, tokens(`agent ${i} speaks:`)] as const));
    const { ticks, decodedTokens } = store.stats;
    await store.step(branches.map((branch) => [branch, branch.produceSync().token] as const));
    assert.equal(store.stats.ticks, ticks + 1);
    assert.equal(store.stats.decodedTokens, decodedTokens + 3);
  }),

  contractCase(
    "a tick of nUbatch rows goes, one of a row more and one of none are refused",
    async ({ root, store, ctx }) => {
      const parent = await root();
      const { nUbatch } = ctx.engine.capabilities;
      const rows = Array.from({ length: nUbatch + 1 }, () => parent.forkSync()).map(
        (branch) => [branch, branch.produceSync().token] as const,
      );
      for (const tick of [rows, []]) {
        await refuses("INVALID_ARGUMENT", () => store.commit(tick));
        await refuses("INVALID_ARGUMENT", () => store.step(tick));
      }
      await store.commit(rows.slice(0, nUbatch));
      assert.deepEqual(
        rows.map(([branch]) => branch.position - parent.position),
        [...Array(nUbatch).fill(1), 0],
      );
    },
    { nBatch: 32, nUbatch: 2, nSeqMax: 4 },
  ),

  contractCase("one step equals commit and produce, row by row", async ({ root, store }) => {
    const parent = await root(prompt, { temperature: 0.8, topP: 0.9, seed: 3 });
    const [stepped, plain] = [parent.forkSync(), parent.forkSync()];
    for (let i = 0; i < 6; i++) {
      const token = stepped.produceSync().token;
      const [produced] = await store.step([[stepped, token]]);
      await store.commit([[plain, token]]);
      assert.deepEqual(produced, plain.produceSync());
    }
  }),

  contractCase("a step answers in the order of its entries", async ({ root, store, tokens }) => {
    const parent = await root();
    const branches = ["red", "green", "blue"].map(() => parent.forkSync());
    await store.prefill(branches.map((branch, i) => [branch, tokens(` ${i} is`)] as const));
    const shuffled = [2, 0, 1].map((i) => branches[i] as (typeof branches)[number]);
    const produced = await store.step(shuffled.map((branch) => [branch, branch.produceSync().token] as const));
    assert.deepEqual(
      produced,
      shuffled.map((branch) => branch.produceSync()),
    );
  }),

  contractCase("after a step the produced token is a memo", async ({ root, store }) => {
    const branch = await root(prompt, { temperature: 1, seed: 9 });
    const [produced] = await store.step([[branch, branch.produceSync().token]]);
    assert.deepEqual(branch.produceSync(), produced);
  }),

  contractCase("what is set after a step voids its memo", async (bench) => {
    const { root, store } = bench;
    const branch = await root(prompt, { temperature: 3, seed: 9 });
    // A letter, since the text of what follows part of a code point would be another.
    await store.step([[branch, letter(bench, "q")]]);
    branch.setGrammar('root ::= "zebra"');
    assert.match("zebra", new RegExp(`^${branch.produceSync().text}`));
    branch.setGrammar();
    branch.setSamplerParams({});
    const row = branch.getLogits();
    assert.equal(branch.produceSync().token, row.indexOf(Math.max(...row)));
  }),

  contractCase("a second call on a branch that waits for its turn is refused, and the first lands", async (bench) => {
    const { root, create, filler } = bench;
    const [branch, other] = [await root(), create()];
    const { token } = branch.produceSync();
    const before = other.prefill(filler(20));
    const first = branch.commit(token);
    await refuses("BRANCH_IN_FLIGHT", () => branch.commit(token));
    await refuses("BRANCH_IN_FLIGHT", () => branch.prefill([token]));
    const start = branch.position;
    await Promise.all([before, first]);
    assert.equal(branch.position, start + 1);
  }),

  contractCase("a run of many ticks equals so many steps", async ({ ctx: { engine }, tokens }) => {
    const parent = engine.open({ temperature: 0.9, topK: 30, seed: 21 });
    await engine.prefill([{ sequence: parent, tokens: tokens(prompt) }]);
    const [ran, stepped] = [engine.fork(parent), engine.fork(parent)];
    let { token } = engine.produce(parent);
    const written = only(await engine.run([{ sequence: ran, token }], { maxTicks: 5 }));
    for (const produced of written) {
      await engine.commit([{ sequence: stepped, token }]);
      assert.deepEqual(produced, engine.produce(stepped));
      token = produced.token;
    }
    assert.deepEqual(engine.produce(ran), written.at(-1));
    for (const sequence of [parent, ran, stepped]) engine.close(sequence);
  }),

  contractCase(
    "a run lets go of a sequence at its stop, and where until holds",
    async ({ ctx: { engine }, tokens }) => {
      const short = engine.open({}, 'root ::= "ab"');
      const long = engine.open({}, "root ::= [xy]{100}");
      const from = tokens(prompt);
      await engine.prefill([
        { sequence: short, tokens: from },
        { sequence: long, tokens: from },
      ]);
      const entries = [short, long].map((sequence) => ({ sequence, token: engine.produce(sequence).token }));
      const first = entries.map(({ sequence }) => engine.produce(sequence).text);
      const [ended, cut] = await engine.run(entries, {
        maxTicks: 30,
        until: (entry, text) => entry === 1 && (first[1] + text).length >= 5,
      });
      const textOf = (produced: Produced[] | undefined) => produced?.map(({ text }) => text).join("");
      assert.equal(first[0] + (textOf(ended) ?? ""), "ab");
      assert.equal(
        ended?.findIndex(({ isStop }) => isStop),
        (ended?.length ?? 0) - 1,
      );
      assert.match(first[1] + (textOf(cut) ?? ""), /^[xy]{5,}$/);
      assert.ok((cut?.length ?? 0) < 30);
      for (const sequence of [short, long]) engine.close(sequence);
    },
  ),

  contractCase("a step gives nothing for a branch that was pruned meanwhile", async ({ root, store }) => {
    const parent = await root();
    const [kept, doomed] = [parent.forkSync(), parent.forkSync()];
    const { token } = parent.produceSync();
    const flight = store.step([
      [doomed, token],
      [kept, token],
    ]);
    doomed.pruneSync();
    assert.deepEqual(await flight, [undefined, kept.produceSync()]);
  }),
];
