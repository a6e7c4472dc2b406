import { expect, it } from "vitest";
import { createSimulatedContext } from "../testing/simulated-backend.ts";
import { Branch } from "./branch.ts";
import { BranchStore } from "./branch-store.ts";

it("keeps ledger and engine together when an observer throws", async () => {
  const ctx = createSimulatedContext();
  const store = new BranchStore(ctx);
  store.observe(() => {
    throw new Error("the disk is full");
  });
  const branch = Branch.create(ctx, 0);
  await branch.prefill([1, 2, 3]);
  expect(branch.position).toBe(3);
  expect(await store.countCells()).toBe(store.pressure().used);
});

it("rolls back what a failed batch was promised", async () => {
  const ctx = createSimulatedContext({ fault: ({ index }) => (index === 1 ? "compute" : undefined) });
  const store = new BranchStore(ctx);
  const branch = Branch.create(ctx, 0);
  await branch.prefill([1, 2, 3]);
  const [before, next] = [store.pressure(), branch.produceSync()];
  await expect(branch.commit(next.token)).rejects.toMatchObject({ code: "DECODE_FAILED" });
  expect(store.pressure()).toEqual(before);
  expect(branch.produceSync()).toEqual(next);
  await branch.commit(next.token);
  expect(branch.position).toBe(4);
});
