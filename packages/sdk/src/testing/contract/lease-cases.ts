import assert from "node:assert/strict";
import { cells, contractCase, prompt, refuses, stateOf, usesOf } from "./contract-case.ts";

export const leaseCases = [
  contractCase("an empty root stands at position 0 and holds no cell", async ({ create, store }) => {
    const root = create();
    assert.deepEqual([root.position, root.forkHead, root.parent, root.isLeaf], [0, 0, undefined, true]);
    assert.equal(store.pressure().used, 0);
  }),

  contractCase("a fork has its parent's position and row, and costs no cell", async ({ root, store, settled }) => {
    const parent = await root();
    const used = store.pressure().used;
    const child = parent.forkSync();
    assert.deepEqual([child.position, child.forkHead], [parent.position, parent.position]);
    assert.equal(store.pressure().used, used);
    await settled();
    assert.deepEqual(stateOf(child), { ...stateOf(parent), isLeaf: true });
  }),

  contractCase("a fork of a fork stands at the head of the first", async ({ root, write }) => {
    const child = (await root()).forkSync();
    await write(child, 3);
    const grandchild = child.forkSync();
    assert.equal(grandchild.forkHead, child.position);
    assert.deepEqual(await write(grandchild, 4), await write(child, 4));
  }),

  contractCase("a fork of an empty root is empty, and both may be filled", async ({ create, root, tokens }) => {
    const parent = create();
    const child = parent.forkSync();
    assert.deepEqual([child.position, child.forkHead], [0, 0]);
    await refuses("NO_LOGITS", () => child.produceSync());
    await parent.prefill(tokens("something else entirely"));
    await child.prefill(tokens(prompt));
    assert.deepEqual(stateOf(child), stateOf(await root()));
  }),

  contractCase("forks know their parent, and parents know that they have children", async ({ root }) => {
    const parent = await root();
    const [first, second] = [parent.forkSync(), parent.forkSync()];
    assert.deepEqual([first.parent, second.parent], [parent, parent]);
    assert.deepEqual([parent.isLeaf, first.isLeaf], [false, true]);
    first.pruneSync();
    assert.equal(parent.isLeaf, false);
    second.pruneSync();
    assert.equal(parent.isLeaf, true);
    assert.equal(new Set([parent.id, first.id, second.id]).size, 3);
  }),

  contractCase("a branch lists its living children, oldest first, and is active until it is pruned", async (bench) => {
    const parent = await bench.root();
    const forks = bench.store.forkMany(parent, 3);
    const grandchild = forks[1]?.forkSync();
    assert.deepEqual([parent.children, forks[1]?.children, forks[0]?.children], [forks, [grandchild], []]);
    forks[0]?.pruneSync();
    assert.deepEqual(parent.children, forks.slice(1));
    assert.deepEqual([parent.isActive, forks[0]?.isActive, forks[0]?.parent], [true, false, undefined]);
    parent.pruneSubtreeSync();
    assert.deepEqual([parent.children, parent.isActive, parent.disposed], [[], false, true]);
  }),

  contractCase("many forks are made at once, or none of them", async ({ root, store, ctx, settled }) => {
    const parent = await root();
    assert.deepEqual(store.forkMany(parent, 0), []);
    for (const count of [-1, 0.5, Number.NaN, Infinity])
      await refuses("INVALID_ARGUMENT", () => store.forkMany(parent, count), String(count));
    const before = store.available;
    await refuses("SEQUENCES_EXHAUSTED", () => store.forkMany(parent, before + 1));
    assert.deepEqual([store.available, parent.isLeaf], [before, true]);
    const hidden = ctx.engine.open();
    await refuses("SEQUENCES_EXHAUSTED", () => store.forkMany(parent, before));
    assert.deepEqual([store.available, parent.isLeaf], [before, true]);
    ctx.engine.close(hidden);
    const expected = stateOf(parent);
    for (const fork of store.forkMany(parent, before)) assert.deepEqual(stateOf(fork), expected);
    assert.equal(store.available, 0);
    await settled();
  }),

  contractCase("the awaited twins of fork, produce and prune do the same", async ({ root, store }) => {
    const parent = await root();
    const child = await parent.fork();
    assert.deepEqual(await child.produce(), parent.produceSync());
    await refuses("BRANCH_HAS_CHILDREN", () => parent.prune());
    await child.prune();
    assert.equal(child.disposed, true);
    await (await parent.fork()).fork();
    await parent.pruneSubtree();
    assert.equal(store.liveBranches, 0);
  }),

  contractCase("prune restricts, pruneSubtree cascades, and nothing is left", async ({ root, store, write }) => {
    const parent = await root();
    const child = parent.forkSync();
    const grandchild = child.forkSync();
    await write(grandchild, 2);
    const before = stateOf(parent);
    await refuses("BRANCH_HAS_CHILDREN", () => parent.pruneSync());
    assert.deepEqual(stateOf(parent), before);
    parent.pruneSubtreeSync();
    assert.deepEqual([parent.disposed, child.disposed, grandchild.disposed], [true, true, true]);
    assert.equal(store.pressure().used, 0);
    assert.equal(await store.countCells(), 0);
  }),

  contractCase("pruneSubtree leaves parents, siblings and their branches alone", async ({ root, write }) => {
    const parent = await root();
    const [doomed, sibling] = [parent.forkSync(), parent.forkSync()];
    await write(doomed, 2);
    const nephew = sibling.forkSync();
    doomed.forkSync();
    const before = [parent, sibling, nephew].map(stateOf);
    doomed.pruneSubtreeSync();
    assert.deepEqual([parent, sibling, nephew].map(stateOf), before);
  }),

  contractCase("a pruned branch refuses everything, and a second prune is a no-op", async ({ root, store, tokens }) => {
    const branch = await root();
    const [position, id] = [branch.position, branch.id];
    branch.pruneSync();
    for (const [name, use] of usesOf(branch, store, tokens("x")[0] as number))
      await refuses("BRANCH_DISPOSED", use, name);
    await refuses("BRANCH_DISPOSED", () => branch.prefill([]));
    branch.pruneSync();
    branch.pruneSubtreeSync();
    // What it was can still be told, for events that come late.
    assert.deepEqual([branch.disposed, branch.position, branch.id, branch.isLeaf], [true, position, id, true]);
    const parent = await root();
    const child = parent.forkSync();
    child.pruneSync();
    assert.equal(child.parent, undefined);
  }),

  contractCase("a branch in the batch in flight refuses everything but a prune", async ({ root, store }) => {
    const branch = await root();
    const { token } = branch.produceSync();
    const flight = branch.commit(token);
    const used = usesOf(branch, store, token).map(([name, use]) => refuses("BRANCH_IN_FLIGHT", use, name));
    await Promise.all([...used, flight]);
    branch.forkSync();
  }),

  contractCase("so does one whose batch waits for its turn", async ({ root, create, store, filler }) => {
    const [branch, other] = [await root(), create()];
    const { token } = branch.produceSync();
    const before = other.prefill(filler(20));
    const flight = branch.commit(token);
    const used = usesOf(branch, store, token).map(([name, use]) => refuses("BRANCH_IN_FLIGHT", use, name));
    await Promise.all([...used, before, flight]);
    branch.forkSync();
  }),

  contractCase(
    "an engine refuses to read or change what its batch is changing",
    async ({ ctx: { engine }, filler }) => {
      const sequence = engine.open();
      await engine.prefill([{ sequence, tokens: filler(3) }]);
      const flight = engine.prefill([{ sequence, tokens: filler(5) }]);
      for (const use of [
        () => engine.fork(sequence),
        () => engine.produce(sequence),
        () => engine.setGrammar(sequence, undefined),
        () => engine.setSampling(sequence, {}),
      ]) {
        await refuses("BRANCH_IN_FLIGHT", use);
      }
      await flight;
      engine.produce(sequence);
      engine.close(sequence);
      engine.close(sequence);
      await refuses("BRANCH_DISPOSED", () => engine.produce(sequence));
    },
  ),

  contractCase(
    "other branches are forked and pruned while a batch decodes",
    async ({ root, store, write }) => {
      const parent = await root();
      const [flying, resting, doomed] = [parent.forkSync(), parent.forkSync(), parent.forkSync()];
      await write(doomed, 3);
      const expected = stateOf(resting);
      const flight = flying.commit(flying.produceSync().token);
      const child = resting.forkSync();
      doomed.pruneSync();
      assert.deepEqual(stateOf(child), expected);
      assert.equal(store.pressure().used, parent.position);
      await flight;
      assert.equal(store.pressure().used, parent.position + 1);
    },
    cells,
  ),

  contractCase("a sequence too many is refused, and a prune makes room", async ({ root, create, ctx, store }) => {
    const parent = await root();
    const forks = Array.from({ length: ctx.engine.capabilities.nSeqMax - 1 }, () => parent.forkSync());
    assert.equal(store.available, 0);
    await refuses("SEQUENCES_EXHAUSTED", () => parent.forkSync());
    await refuses("SEQUENCES_EXHAUSTED", () => create());
    assert.equal(store.liveBranches, forks.length + 1);
    forks[0]?.pruneSync();
    assert.equal(store.available, 1);
    assert.equal(parent.forkSync().position, parent.position);
  }),

  contractCase(
    "the sequence of a branch that is pruned in flight can be leased at once",
    async ({ root, write }) => {
      const parent = await root();
      const doomed = parent.forkSync();
      const expected = await write(parent.forkSync(), 2);
      const flight = doomed.commit(doomed.produceSync().token);
      doomed.pruneSync();
      const heir = parent.forkSync();
      await flight;
      assert.deepEqual(await write(heir, 2), expected);
    },
    { nSeqMax: 3 },
  ),

  contractCase(
    "a lease that passes on between two batches carries nothing over",
    async ({ root, write, tokens }) => {
      const parent = await root();
      const expected = await write(parent.forkSync(), 3);
      const first = parent.forkSync();
      await first.prefill(tokens("some words of its own"));
      first.pruneSync();
      const second = parent.forkSync();
      second.pruneSync();
      const third = parent.forkSync();
      assert.deepEqual(await write(third, 3), expected);
      assert.equal(third.position, parent.position + 3);
    },
    { nSeqMax: 3 },
  ),

  contractCase(
    "leases are reused many times over without a stranger's cells",
    async ({ root, store, write }) => {
      const parent = await root();
      const expected = await write(parent.forkSync(), 3);
      for (let round = 0; round < 20; round++) {
        const child = parent.forkSync();
        assert.deepEqual(await write(child, 3), expected);
        child.pruneSync();
      }
      assert.equal(store.pressure().used, parent.position + 3);
    },
    cells,
  ),

  contractCase(
    "a chain of forks lives on when its members write on above them",
    async ({ root, write, store }) => {
      const top = await root();
      const promptCells = top.position;
      let above = top;
      for (let depth = 1; depth <= 5; depth++) {
        const below = above.forkSync();
        await write(above, 1);
        await write(below, 1);
        above = below;
      }
      assert.equal(above.position, promptCells + 5);
      assert.equal(store.pressure().used, promptCells + 10);
    },
    cells,
  ),
];
