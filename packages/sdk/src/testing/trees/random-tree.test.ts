import { expect, it } from "vitest";
import { Branch } from "../../branch/branch.ts";
import { createSimulatedContext } from "../simulated-backend.ts";
import type { ModelTree } from "./model-tree.ts";
import { Random } from "./random.ts";
import { type GrownTree, growRandomTree, type InjectedFault } from "./random-tree.ts";

const seeds = Number(process.env.LLOYAL_RUNS ?? 1000);
const totals = { drained: 0, failures: 0, prunedInFlight: 0, splitBatches: 0, parkings: 0 };

async function growSimulated(seed: number): Promise<GrownTree> {
  const random = new Random(seed ^ 0x5eed);
  let armed: InjectedFault | undefined;
  const ctx = createSimulatedContext({
    nCtx: random.pick([48, 96, 256]),
    nBatch: random.pick([8, 64]),
    nUbatch: random.pick([2, 8]),
    nSeqMax: random.pick([2, 4, 9]),
    fault: () => {
      const fault = armed;
      if (!fault?.lasting) armed = undefined;
      return fault?.kind;
    },
  });
  const hiddenCells = random.pick([0, ctx.engine.capabilities.nCtx >> 1]);
  const hidden = ctx.engine.open();
  if (hiddenCells > 0) await ctx.engine.prefill([{ sequence: hidden, tokens: Array(hiddenCells).fill(1) }]);
  else ctx.engine.close(hidden);
  const grown = await growRandomTree(ctx, {
    seed,
    steps: 80,
    prefillMax: 30,
    hiddenCells,
    injectFault: (fault) => {
      armed = fault;
    },
  });
  await requireFreshEquals(grown.model, seed);
  for (const branch of grown.model.living) if (branch.parent === undefined) branch.pruneSubtreeSync();
  expect(await ctx.engine.countCells()).toBe(hiddenCells);
  await ctx.dispose();
  return grown;
}

/** A branch is what a fresh one becomes that is told the same, without forks, failures or company. */
async function requireFreshEquals(model: ModelTree, seed: number): Promise<void> {
  const ctx = createSimulatedContext();
  for (const branch of model.active) {
    const { told } = model.of(branch);
    const fresh = Branch.create(ctx, 0);
    for (const each of told) {
      if (each.kind === "prefill") await fresh.prefill(each.tokens);
      else if (each.kind === "commit") await fresh.commit(each.token);
      else if (each.kind === "grammar") fresh.setGrammar(each.grammar);
      else fresh.setSamplerParams(each.sampling);
    }
    expect(fresh.position, `seed ${seed}`).toBe(branch.position);
    if (fresh.position > 0) {
      expect(fresh.getLogits(), `seed ${seed}`).toEqual(branch.getLogits());
      expect(fresh.produceSync(), `seed ${seed}`).toEqual(branch.produceSync());
    }
    fresh.pruneSync();
  }
}

it(`${seeds} random trees hold the cells of their model at every drained point, failures included`, async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { drained, failures, prunedInFlight, splitBatches, parkings } = await growSimulated(seed);
    totals.drained += drained;
    totals.failures += failures;
    totals.prunedInFlight += prunedInFlight;
    totals.splitBatches += splitBatches;
    totals.parkings += parkings;
  }
  // Without these nothing would have been tried. (A few seeds may have none.)
  expect(totals.failures).toBeGreaterThan(seeds / 2 - 10);
  expect(totals.prunedInFlight).toBeGreaterThan(seeds / 4 - 10);
  expect(totals.splitBatches).toBeGreaterThan(seeds / 10 - 10);
  expect(totals.parkings).toBeGreaterThan(seeds / 4 - 10);
  expect(totals.drained).toBeGreaterThan(5 * seeds);
}, 0);
