import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, cells, contractCase, letter, refuses, small, stateOf, usesOf } from "./contract-case.ts";

/** A branch with its own tokens, of a kind that every backend can park: a fork where it can, else a root. */
async function parkable(bench: Bench, text = "some words of its own") {
  const parent = await bench.root();
  const branch = bench.ctx.engine.capabilities.canSaveForks ? parent.forkSync() : await bench.root();
  await branch.prefill(bench.tokens(text));
  return { parent, branch };
}

export const parkCases = [
  contractCase("a parked branch comes back as it was, and writes on as if it had never been away", async (bench) => {
    const { branch } = await parkable(bench);
    const { branch: twin } = await parkable(await bench.another());
    await bench.write(branch, 3);
    const [before, position] = [stateOf(branch), branch.position];
    await branch.park();
    assert.deepEqual([branch.isActive, branch.disposed, branch.position], [false, false, position]);
    await branch.unpark();
    assert.equal(branch.isActive, true);
    assert.deepEqual(stateOf(branch), before);
    await bench.write(twin, 3);
    // Nothing else was written meanwhile, so its cells lie where they lay: every bit is equal.
    for (let i = 0; i < 4; i++) {
      await bench.write(branch, 1);
      await bench.write(twin, 1);
      assert.deepEqual(branch.getLogits(), twin.getLogits());
    }
  }),

  contractCase(
    "what it holds alone is free while it is parked, and taken again after",
    async (bench) => {
      const { parent, branch } = await parkable(bench);
      const { store } = bench;
      const [before, available] = [store.pressure(), store.available];
      const own = branch.position - branch.forkHead;
      await branch.park();
      const { used, free, shared } = store.pressure();
      assert.deepEqual([used, free, shared], [before.used - own, before.free + own, before.shared]);
      assert.deepEqual([store.available, store.liveBranches], [available + 1, 2]);
      await bench.settled();
      await parent.commit(parent.produceSync().token);
      await branch.unpark();
      assert.equal(store.pressure().used, before.used + 1);
      assert.equal(store.available, available);
      await bench.settled();
    },
    cells,
  ),

  contractCase("its sampler, grammar, biases and perplexities are those of before", async (bench) => {
    const { tokens } = bench;
    const params = { temperature: 1.5, seed: 7, repeatPenalty: 1.3, mirostat: 2, mirostatTau: 4 } as const;
    const branch = await bench.root("Say it", params, "root ::= [a-z ]+");
    const token = letter(bench, "x");
    branch.setLogitBias([{ token, bias: Number.NEGATIVE_INFINITY }]);
    branch.steer([{ token: letter(bench, "y"), bias: 2 }]);
    branch.accept(letter(bench, "z"));
    await bench.write(branch, 5);
    const before = stateOf(branch);
    await branch.park();
    await branch.unpark();
    assert.deepEqual(stateOf(branch), before);
    const text = await bench.write(branch, 6);
    assert.ok(text.every((each) => each !== token));
    await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("7")[0] as number));
  }),

  contractCase("a further draw is the one that would have come", async (bench) => {
    const params = { temperature: 2, seed: 3 };
    const [branch, twin] = [await bench.root("Draw", params), await bench.root("Draw", params)];
    assert.equal(branch.sample(), twin.sample());
    await branch.park();
    await branch.unpark();
    for (let i = 0; i < 5; i++) assert.equal(branch.sample(), twin.sample());
  }),

  contractCase("a lazy grammar goes on waiting, and what it has heard counts", async (bench) => {
    const branch = await bench.root();
    branch.setGrammarLazy('root ::= "ab" "7"', [{ type: "word", text: "ab" }]);
    await branch.commit(letter(bench, "a"));
    await branch.park();
    await branch.unpark();
    await branch.commit(letter(bench, "b"));
    // It has fired: from here only the digit may come.
    await branch.park();
    await branch.unpark();
    assert.equal(branch.produceSync().token, letter(bench, "7"));
    await refuses("GRAMMAR_REJECTED", () => branch.commit(letter(bench, "c")));
  }),

  contractCase("a code point that is not finished is finished afterwards", async (bench) => {
    const branch = await bench.root();
    const llama = bench.tokens("🦙");
    if (llama.length < 2) return;
    branch.setGrammar('root ::= "🦙" "!"');
    for (const token of llama.slice(0, -1)) await branch.commit(token);
    await branch.park();
    await branch.unpark();
    assert.equal(branch.produceSync().text, "🦙");
  }),

  contractCase("everything but a prune and an unpark is refused while it is parked", async (bench) => {
    const { branch } = await parkable(bench);
    const token = letter(bench, "x");
    await branch.park();
    for (const [name, use] of usesOf(branch, bench.store, token)) await refuses("BRANCH_PARKED", use, name);
    await refuses("BRANCH_PARKED", () => branch.park());
    await refuses("BRANCH_PARKED", () => bench.store.save(branch));
    assert.equal(branch.isLeaf, true);
    await bench.settled();
    await branch.unpark();
    await branch.unpark();
    branch.produceSync();
  }),

  contractCase("a parked branch may be pruned, and is gone", async (bench) => {
    const { parent, branch } = await parkable(bench);
    await branch.park();
    if (branch.parent) await refuses("BRANCH_HAS_CHILDREN", () => parent.pruneSync());
    branch.pruneSync();
    assert.deepEqual([branch.disposed, branch.isActive], [true, false]);
    await refuses("BRANCH_DISPOSED", () => branch.unpark());
    assert.equal(parent.isLeaf, true);
    await bench.settled();
  }),

  contractCase("a cascade takes parked branches along", async (bench) => {
    const { parent, branch } = await parkable(bench);
    await branch.park();
    parent.pruneSubtreeSync();
    assert.equal(branch.disposed, branch.forkHead > 0);
    branch.pruneSync();
    assert.deepEqual([bench.store.liveBranches, bench.store.pressure().used], [0, 0]);
    assert.equal(await bench.store.countCells(), 0);
  }),

  contractCase("a prune while it is being parked or brought back leaves nothing", async (bench) => {
    const { branch } = await parkable(bench);
    const parking = refuses("BRANCH_DISPOSED", () => branch.park());
    branch.pruneSync();
    await parking;
    const { branch: other } = await parkable(bench);
    await other.park();
    const coming = refuses("BRANCH_DISPOSED", () => other.unpark());
    other.pruneSync();
    await coming;
    await bench.settled();
    assert.equal(bench.store.available, bench.ctx.engine.capabilities.nSeqMax - bench.store.liveBranches);
  }),

  contractCase("while it is being parked it is in flight", async (bench) => {
    const { branch } = await parkable(bench);
    const token = letter(bench, "x");
    const parking = branch.park();
    const used = usesOf(branch, bench.store, token).map(([name, use]) => refuses("BRANCH_IN_FLIGHT", use, name));
    await Promise.all([...used, refuses("BRANCH_IN_FLIGHT", () => branch.park()), parking]);
    const coming = branch.unpark();
    await Promise.all([refuses("BRANCH_IN_FLIGHT", () => branch.unpark()), coming]);
  }),

  contractCase("a branch with children is not parked, whether they are parked or not", async (bench) => {
    const { parent, branch } = await parkable(bench);
    if (!branch.parent) return;
    await refuses("BRANCH_HAS_CHILDREN", () => parent.park());
    await branch.park();
    await refuses("BRANCH_HAS_CHILDREN", () => parent.park());
    branch.pruneSync();
    await parent.park();
    await parent.unpark();
  }),

  contractCase("a fork is refused, with the reason, where a model cannot part it from its parent", async (bench) => {
    const fork = (await bench.root()).forkSync();
    if (bench.ctx.engine.capabilities.canSaveForks) return;
    const before = stateOf(fork);
    await refuses("INVALID_ARGUMENT", () => fork.park());
    assert.deepEqual(stateOf(fork), before);
  }),

  contractCase("an empty root, and a fork that has written nothing, are parked too", async (bench) => {
    const root = bench.create();
    await root.park();
    await root.unpark();
    await root.prefill(bench.tokens("now it has"));
    if (!bench.ctx.engine.capabilities.canSaveForks) return;
    const fork = root.forkSync();
    await fork.park();
    await bench.settled();
    await fork.unpark();
    assert.deepEqual(stateOf(fork), { ...stateOf(root), isLeaf: true });
    await fork.commit(fork.produceSync().token);
  }),

  contractCase(
    "parked branches leave their sequences to others, and need one to come back",
    async (bench) => {
      const { parent, branch } = await parkable(bench);
      const before = stateOf(branch);
      await branch.park();
      const others = bench.store.forkMany(parent, bench.store.available);
      await refuses("SEQUENCES_EXHAUSTED", () => branch.unpark());
      assert.equal(branch.isActive, false);
      await bench.settled();
      others[0]?.pruneSync();
      await branch.unpark();
      assert.deepEqual(stateOf(branch), before);
    },
    { nSeqMax: 3 },
  ),

  contractCase(
    "it stays parked where there is no room to come back, and comes later",
    async (bench) => {
      const { parent, branch } = await parkable(bench);
      const before = stateOf(branch);
      await branch.park();
      const held = bench.store.reserve(bench.store.pressure().free);
      await refuses("KV_EXHAUSTED", () => branch.unpark());
      held.release();
      // Behind the ledger's back: here the engine refuses.
      const release = await bench.hoard(bench.store.pressure().free - 1);
      await refuses("KV_EXHAUSTED", () => branch.unpark());
      release();
      assert.equal(branch.isActive, false);
      await branch.unpark();
      assert.deepEqual(stateOf(branch), before);
      parent.produceSync();
    },
    small,
  ),

  contractCase("among cells that others wrote meanwhile it goes on as before", async (bench) => {
    const { parent, branch } = await parkable(bench);
    const { branch: twin } = await parkable(await bench.another());
    await branch.park();
    const other = await bench.root("A text that takes the place of what went away, and some more of it");
    await bench.write(parent, 2);
    await branch.unpark();
    assert.deepEqual(branch.getLogits(), twin.getLogits());
    await branch.commit(branch.produceSync().token);
    await twin.commit(twin.produceSync().token);
    const [row, expected] = [branch.getLogits(), twin.getLogits()];
    const apart = row.reduce((most, logit, i) => Math.max(most, Math.abs(logit - (expected[i] as number))), 0);
    assert.ok(apart < 0.5, `logits are ${apart} apart`);
    other.pruneSync();
  }),

  contractCase("a parked branch is found by no look-up, and again when it is back", async (bench) => {
    const branch = await bench.root("something that nobody else has");
    const tokens = bench.tokens("something that nobody else has");
    await branch.park();
    assert.equal(bench.store.longestPrefix(tokens), undefined);
    await branch.unpark();
    assert.deepEqual(bench.store.longestPrefix(tokens), { branch, length: tokens.length });
  }),

  contractCase("cells go to a file that only its owner can read, and must be that file still", async (bench) => {
    const folder = mkdtempSync(join(tmpdir(), "lloyal-park-"));
    const path = join(folder, "branch.state");
    try {
      const { branch } = await parkable(bench);
      const before = stateOf(branch);
      await branch.park(path);
      assert.deepEqual(readdirSync(folder), ["branch.state"]);
      if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.subarray(0, -1));
      await refuses("STATE_INVALID", () => branch.unpark());
      rmSync(path);
      await refuses("STATE_FILE", () => branch.unpark());
      writeFileSync(path, bytes);
      await branch.unpark();
      assert.deepEqual(stateOf(branch), before);
      await refuses("STATE_FILE", () => branch.park(join(folder, "no such folder", "x")));
      assert.deepEqual(stateOf(branch), before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }),
];
