// Random trees on real weights: the model of the tree knows nothing of llama.cpp, and the cells are llama.cpp's own
// count. Failures are real too: batches that the ledger admits while somebody else holds the cells, and prefills whose
// last batch is refused. (Decodes that break off in the middle: native/test/trees_test.cpp.)
import { growRandomTree, growTwinTrees } from "@lloyal-labs/sdk/testing";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";
const seeds = Number(process.env.LLOYAL_RUNS ?? 20);
const twinSeeds = Number(process.env.LLOYAL_RUNS ?? 4);

const open = () => createContext({ modelPath, nCtx: 256, nBatch: 16, nUbatch: 8, nSeqMax: 8, nThreads: 1 });

describe.skipIf(!modelPath)("trees on real weights", () => {
  it(`hold the cells of their model at every drained point, for ${seeds} seeds`, async () => {
    const ctx = await open();
    const hiddenCells = 216;
    await ctx.engine.prefill([{ sequence: ctx.engine.open(), tokens: Array(hiddenCells).fill(1) }]);
    const totals = { drained: 0, failures: 0, prunedInFlight: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const grown = await growRandomTree(ctx, { seed, steps: 80, prefillMax: 12, hiddenCells });
      for (const branch of grown.model.living) branch.pruneSubtreeSync();
      expect(await ctx.engine.countCells(), `seed ${seed}`).toBe(hiddenCells);
      totals.drained += grown.drained;
      totals.failures += grown.failures;
      totals.prunedInFlight += grown.prunedInFlight;
    }
    await ctx.dispose();
    // Without these nothing would have been tried. (A few seeds may have none.)
    expect(totals.failures).toBeGreaterThan(seeds / 4 - 5);
    expect(totals.prunedInFlight).toBeGreaterThan(seeds / 4 - 5);
    expect(totals.drained).toBeGreaterThan(5 * seeds);
  });

  it(`cannot tell a step from commit and produceSync, bit by bit, for ${twinSeeds} seeds`, async () => {
    let produced = 0;
    for (let seed = 1; seed <= twinSeeds; seed++) {
      const contexts = [await open(), await open()] as const;
      produced += (await growTwinTrees(contexts, { seed, steps: 60, prefillMax: 12 })).produced;
      for (const ctx of contexts) await ctx.dispose();
    }
    expect(produced).toBeGreaterThan(10 * twinSeeds - 20);
  });
});
