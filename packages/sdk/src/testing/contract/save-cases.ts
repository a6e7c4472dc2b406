import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Branch } from "../../branch/branch.ts";
import { type Bench, cells, contractCase, only, refuses, small, stateOf } from "./contract-case.ts";

/** Restored branches are pruned at the end of their case: the bench knows only its own roots. */
async function restored(bench: Bench, bytes: Uint8Array, check: (branch: Branch) => Promise<void>): Promise<void> {
  const branch = await bench.store.restore(bytes);
  await check(branch);
  await bench.settled();
  branch.pruneSubtreeSync();
}

/** All branches of a tree, top first. */
function allOf(branch: Branch): Branch[] {
  return [branch, ...branch.children.flatMap(allOf)];
}

/** Forks at different heights, one of them written past its own fork, one parked, one empty. */
async function family(bench: Bench): Promise<Branch> {
  const top = await bench.root("A spine", { temperature: 0.9, seed: 5 });
  if (!bench.ctx.engine.capabilities.canSaveForks) return top;
  const low = top.forkSync();
  await bench.write(top, 3);
  const high = top.forkSync();
  await bench.write(high, 2);
  await bench.write(low, 4);
  const grandchild = low.forkSync();
  await bench.write(low, 1);
  high.setGrammar("root ::= [a-z ]+");
  await grandchild.park();
  return top;
}

export const saveCases = [
  contractCase("a branch that was saved is there again in another context, bit by bit", async (bench) => {
    const branch = await bench.root("Once", { temperature: 1.2, seed: 9, frequencyPenalty: 0.5 }, "root ::= [a-z ]+");
    await bench.write(branch, 4);
    const bytes = await bench.store.save(branch);
    const before = stateOf(branch);
    const expected = await bench.write(branch, 5);
    const other = await bench.another();
    await restored(other, bytes, async (copy) => {
      assert.deepEqual(stateOf(copy), before);
      assert.deepEqual([copy.forkHead, copy.parent], [0, undefined]);
      assert.deepEqual(await other.write(copy, 5), expected);
      assert.deepEqual(copy.getLogits(), branch.getLogits());
    });
  }),

  contractCase("a tree comes back with its topology, and what it shares is stored once", async (bench) => {
    const top = await family(bench);
    const { store } = bench;
    const parked = allOf(top).filter(({ isActive }) => !isActive);
    const bytes = await store.save(top);
    for (const branch of parked) await branch.unpark();
    const other = await bench.another();
    await restored(other, bytes, async (copy) => {
      const shapeOf = (branches: Branch[]) => branches.map((branch) => [branch.position, branch.forkHead]);
      assert.deepEqual(shapeOf(allOf(copy)), shapeOf(allOf(top)));
      assert.deepEqual(allOf(copy).map(stateOf), allOf(top).map(stateOf));
      assert.deepEqual(other.store.pressure(), store.pressure());
    });
  }),

  contractCase("a restored branch is forked, written and pruned as any other", async (bench) => {
    const top = await family(bench);
    const bytes = await bench.store.save(top);
    top.pruneSubtreeSync();
    const copy = await bench.store.restore(bytes);
    for (const branch of allOf(copy)) {
      const fork = branch.forkSync();
      await bench.write(fork, 2);
      await bench.write(branch, 1);
      assert.equal(fork.position, branch.position + 1);
      await bench.settled();
      fork.pruneSync();
    }
    for (const branch of allOf(copy).reverse()) {
      branch.pruneSync();
      await bench.settled();
    }
  }),

  contractCase("a fork that is saved alone is a root with all of its tokens", async (bench) => {
    const parent = await bench.root();
    const fork = parent.forkSync();
    await bench.write(fork, 3);
    const bytes = await bench.store.save(fork, "branch");
    await restored(bench, bytes, async (copy) => {
      assert.deepEqual([copy.forkHead, copy.parent, copy.position], [0, undefined, fork.position]);
      assert.deepEqual(copy.getLogits(), fork.getLogits());
      assert.deepEqual(copy.produceSync(), fork.produceSync());
    });
    assert.deepEqual(parent.children, [fork]);
  }),

  contractCase("what is saved alone leaves its children out", async (bench) => {
    const top = await family(bench);
    await restored(bench, await bench.store.save(top, "branch"), async (copy) => {
      assert.deepEqual([copy.isLeaf, copy.position], [true, top.position]);
    });
  }),

  contractCase(
    "it is restored beside what lives, and nothing of that changes",
    async (bench) => {
      const { store } = bench;
      const [live, doomed] = [await bench.root("I stay"), await bench.root("I go")];
      const bytes = await store.save(doomed);
      doomed.pruneSync();
      const [before, used] = [stateOf(live), store.pressure().used];
      await restored(bench, bytes, async (copy) => {
        assert.equal(store.pressure().used, used + copy.position);
        assert.deepEqual(stateOf(live), before);
        await bench.write(copy, 2);
        assert.deepEqual(stateOf(live), before);
      });
      assert.equal(store.pressure().used, used);
    },
    cells,
  ),

  contractCase("a look-up finds what was restored", async (bench) => {
    const branch = await bench.root("found again");
    const bytes = await bench.store.save(branch);
    branch.pruneSync();
    const tokens = bench.tokens("found again");
    assert.equal(bench.store.longestPrefix(tokens), undefined);
    await restored(bench, bytes, async (copy) => {
      assert.deepEqual(bench.store.longestPrefix(tokens), { branch: copy, length: tokens.length });
    });
  }),

  contractCase("an empty root is saved too", async (bench) => {
    const bytes = await bench.store.save(bench.create({ seed: 4 }));
    await restored(bench, bytes, async (copy) => {
      assert.equal(copy.position, 0);
      await refuses("NO_LOGITS", () => copy.produceSync());
      await copy.prefill(bench.tokens("and filled"));
    });
  }),

  contractCase(
    "no sequence or no cell left: nothing is restored, and all is as before",
    async (bench) => {
      const { store } = bench;
      const top = await family(bench);
      const bytes = await store.save(top);
      top.pruneSubtreeSync();
      const live = await bench.root("alive");
      const before = stateOf(live);
      const others = store.forkMany(live, store.available - (bench.ctx.engine.capabilities.canSaveForks ? 3 : 0));
      await refuses("SEQUENCES_EXHAUSTED", () => store.restore(bytes));
      for (const other of others) other.pruneSync();
      const held = store.reserve(store.pressure().free - 3);
      await refuses("KV_EXHAUSTED", () => store.restore(bytes));
      held.release();
      const release = await bench.hoard(store.pressure().free - 3);
      await refuses("KV_EXHAUSTED", () => store.restore(bytes));
      release();
      await bench.settled();
      assert.deepEqual(stateOf(live), before);
      assert.equal(store.liveBranches, 1);
      await restored(bench, bytes, async () => {});
    },
    small,
  ),

  contractCase("a changed byte is found wherever it is, and a missing one", async (bench) => {
    const { store } = bench;
    const branch = await bench.root();
    const bytes = await store.save(branch);
    const before = stateOf(branch);
    const step = Math.max(1, Math.floor(bytes.length / 40));
    const places = [...Array(24).keys(), ...Array.from({ length: 40 }, (_, i) => i * step), bytes.length - 1];
    for (const place of places) {
      const changed = Uint8Array.from(bytes);
      (changed[place] as number) ^= 1 << (place % 8);
      await refuses(place >= 8 && place < 12 ? "STATE_MISMATCH" : "STATE_INVALID", () => store.restore(changed));
    }
    for (const length of [0, 7, 23, 24, 100, bytes.length - 33, bytes.length - 1])
      await refuses("STATE_INVALID", () => store.restore(bytes.slice(0, length)), `${length} bytes`);
    await refuses("STATE_INVALID", () => store.restore(new Uint8Array([...bytes, 0])));
    for (const value of [undefined, null, 7, "state", [1, 2], {}])
      await refuses("STATE_INVALID", () => store.restore(value as unknown as Uint8Array), String(value));
    assert.deepEqual(stateOf(branch), before);
    assert.equal(store.liveBranches, 1);
  }),

  contractCase("while it is being saved it is in flight, and a prune ends that", async (bench) => {
    const branch = await bench.root();
    const saving = bench.store.save(branch);
    await Promise.all([refuses("BRANCH_IN_FLIGHT", () => branch.produceSync()), saving]);
    const ended = refuses("BRANCH_DISPOSED", () => bench.store.save(branch));
    branch.pruneSync();
    await ended;
    await refuses("BRANCH_DISPOSED", () => bench.store.save(branch));
  }),

  contractCase(
    "forks are refused, with the reason, where a model cannot part them from their parent",
    async (bench) => {
      if (bench.ctx.engine.capabilities.canSaveForks) return;
      const parent = await bench.root();
      parent.forkSync();
      await refuses("INVALID_ARGUMENT", () => bench.store.save(parent));
      await bench.store.save(parent, "branch");
    },
  ),

  contractCase("a state goes to a file and comes from there", async (bench) => {
    const folder = mkdtempSync(join(tmpdir(), "lloyal-save-"));
    try {
      const path = join(folder, "tree.state");
      const branch = await bench.root();
      await bench.store.saveFile(path, branch);
      assert.equal(only(readdirSync(folder)), "tree.state");
      const copy = await bench.store.restoreFile(path);
      assert.deepEqual(stateOf(copy), stateOf(branch));
      copy.pruneSync();
      await refuses("STATE_FILE", () => bench.store.restoreFile(join(folder, "another")));
      await refuses("STATE_FILE", () => bench.store.saveFile(join(folder, "none", "x"), branch));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }),

  contractCase("compaction changes nothing that can be seen", async (bench) => {
    const { store } = bench;
    const top = await bench.root("A spine that stays");
    const doomed = await bench.root("Much that goes away, so that there is a hole where it was");
    const forks = store.forkMany(top, 2);
    for (const fork of forks) await bench.write(fork, 3);
    doomed.pruneSync();
    const [before, pressure] = [[top, ...forks].map(stateOf), store.pressure()];
    await store.compact();
    assert.deepEqual([top, ...forks].map(stateOf), before);
    assert.deepEqual(store.pressure(), pressure);
    await bench.settled();
    // A branch that goes on equals one in a cache where there was no hole.
    const other = await bench.another();
    const twin = await other.root("A spine that stays");
    await bench.write(top, 3);
    await other.write(twin, 3);
    const [row, expected] = [top.getLogits(), twin.getLogits()];
    const apart = row.reduce((most, logit, i) => Math.max(most, Math.abs(logit - (expected[i] as number))), 0);
    assert.ok(apart < 0.5, `logits are ${apart} apart`);
  }),

  contractCase("compaction is refused in flight, and of an empty cache it is a no-op", async (bench) => {
    await bench.store.compact();
    const branch = await bench.root();
    const flight = branch.commit(branch.produceSync().token);
    await refuses("BRANCH_IN_FLIGHT", () => bench.store.compact());
    await flight;
    await bench.store.compact();
  }),
];
