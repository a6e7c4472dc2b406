import { expect, it } from "vitest";
import { createSimulatedContext } from "../simulated-backend.ts";
import { growTwinTrees } from "./twin-trees.ts";

const seeds = Number(process.env.LLOYAL_RUNS ?? 200);

it(`step equals commit and produceSync in ${seeds} random interleavings`, async () => {
  let produced = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const size = { nCtx: 400, nUbatch: 4, nSeqMax: 6 };
    const contexts = [createSimulatedContext(size), createSimulatedContext(size)] as const;
    produced += (await growTwinTrees(contexts, { seed, steps: 80, prefillMax: 20 })).produced;
    for (const ctx of contexts) await ctx.dispose();
  }
  // Without these nothing would have been compared.
  expect(produced).toBeGreaterThan(20 * seeds - 100);
}, 0);
