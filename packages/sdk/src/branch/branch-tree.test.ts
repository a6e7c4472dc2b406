import { expect, it, vi } from "vitest";
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

it("prefills by the branch's own batch size, which its forks inherit", async () => {
  const rows: number[] = [];
  const ctx = createSimulatedContext({
    fault: (batch) => {
      rows.push(batch.rows);
      return undefined;
    },
  });
  const parent = Branch.create(ctx, 0, {}, 3);
  await parent.prefill([1, 2, 3, 4, 5, 6, 7]);
  await parent.forkSync().prefill([1, 2, 3, 4]);
  await Branch.create(ctx, 0).prefill([1, 2, 3, 4]);
  expect(rows).toEqual([3, 3, 1, 3, 1, 4]);
});

it("asks the engine for nothing when the sampling parameters are those that it has", async () => {
  const ctx = createSimulatedContext();
  const set = vi.spyOn(ctx.engine, "setSampling");
  const branch = Branch.create(ctx, 0, { temperature: 1, topK: 40, seed: 3, dryBreakers: [1, 2] });
  branch.setSamplerParams({ topK: 40, temperature: 1, dryBreakers: [1, 2], topP: undefined, minP: 0 });
  branch.forkSync().setSamplerParams({ temperature: 1, topK: 40, seed: 3, dryBreakers: [1, 2] });
  expect(set).not.toHaveBeenCalled();
  branch.setSamplerParams({ temperature: 1, topK: 40, dryBreakers: [1, 3] });
  branch.reseedSampler(4);
  branch.setSamplerParams({ temperature: 1, topK: 40, dryBreakers: [1, 3], seed: 4 });
  expect(set).toHaveBeenCalledTimes(1);
});
