import { expect, it } from "vitest";
import { createSimulatedContext } from "../testing/simulated-backend.ts";
import { Branch } from "./branch.ts";
import { BranchStore } from "./branch-store.ts";

it("stays right where a drafter answers news with calls of its own", async () => {
  const ctx = createSimulatedContext();
  const store = new BranchStore(ctx);
  const [a, b] = [Branch.create(ctx, 0), Branch.create(ctx, 0)];
  const forks: Branch[] = [];
  store.draftWith({
    opened() {},
    wrote(branch) {
      if (branch === a.id && forks.length === 0) forks.push(a.forkSync(), b.forkSync());
    },
    closed(branch) {
      if (branch === b.id) b.pruneSync();
    },
    draft: () => [],
  });
  await store.prefill([
    [a, [1, 2, 3]],
    [b, [4, 5, 6, 7]],
  ]);
  expect(store.stats.prefillTokens).toBe(7);
  expect(forks.map(({ position }) => position)).toEqual([3, 4]);
  for (const branch of [a, b]) branch.pruneSubtreeSync();
  // The drafter's branches are gone with their parents: two others begin where these began.
  const again = Branch.create(ctx, 0);
  await again.prefill([4, 5, 6, 7]);
  expect(store.longestPrefix([4, 5, 6, 7, 8])).toEqual({ branch: again, length: 4 });
  expect(store.stats).toMatchObject({ prefillTokens: 11, idealPrefillTokens: 7 });
  expect(await store.countCells()).toBe(store.pressure().used);
  expect(store.pressure()).toMatchObject({ used: 4, shared: 0, reserved: 0 });
});

it("counts what a fork prefills that was made in the middle of the news, as it would for any other", async () => {
  const ctx = createSimulatedContext();
  const store = new BranchStore(ctx);
  const parent = Branch.create(ctx, 0);
  let fork: Branch | undefined;
  store.draftWith({
    opened() {},
    wrote() {
      fork ??= parent.forkSync();
    },
    closed() {},
    draft: () => [],
  });
  await parent.prefill([1, 2]);
  expect(store.longestPrefix([1, 2])?.length).toBe(2);
  await fork?.prefill([3, 4]);
  await parent.prefill([3, 4]);
  expect(store.stats).toMatchObject({ prefillTokens: 6, idealPrefillTokens: 4 });
});
