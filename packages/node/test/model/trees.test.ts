// Random trees on real weights, and on small models where decodes fail on demand: the model of the tree knows nothing of llama.cpp, and the cells are llama.cpp's own
// count. Failures are real too: batches that the ledger admits while somebody else holds the cells, and prefills whose
// last batch is refused. (Decodes that break off in the middle: native/test/trees_test.cpp.)
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { growRandomTree, growTwinTrees, type InjectedFault, Random } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openContext } from "../../src/create-context.ts";
import { createContext } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";
const seeds = Number(process.env.LLOYAL_RUNS ?? 20);
const tinySeeds = 10 * seeds;
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

describe.each(["llama", "gemma3", "lfm2"] as const)("trees on a small %s", (architecture) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lloyal-trees-"));
    writeFileSync(join(folder, "tiny.gguf"), writeGguf(tinyModel({ architecture, seed: 1 })));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it(`hold the cells of their model, whatever fails, for ${tinySeeds} seeds`, async () => {
    const totals = { drained: 0, failures: 0, splitBatches: 0 };
    for (let seed = 1; seed <= tinySeeds; seed++) {
      const random = new Random(seed ^ 0x5eed);
      const { session, native } = await openContext({
        ...{ modelPath: join(folder, "tiny.gguf"), nThreads: 1, nCtx: 256 },
        ...{ nBatch: random.pick([8, 64]), nUbatch: random.pick([2, 8]), nSeqMax: random.pick([2, 4, 9]) },
      });
      // A computation that breaks off over states is the end of a context: see fault-loop.test.ts.
      const compute = session.engine.capabilities.recurrent ? "not-finite" : "compute";
      const injectFault = (fault: InjectedFault | undefined) =>
        native.failDecodes(
          fault && { kind: fault.kind === "compute" ? compute : "no-space", spared: 0, lasting: fault.lasting },
        );
      const grown = await growRandomTree(session, { seed, steps: 80, prefillMax: 30, injectFault });
      for (const branch of grown.model.living) branch.pruneSubtreeSync();
      expect(await session.engine.countCells(), `seed ${seed}`).toBe(0);
      await session.dispose();
      totals.drained += grown.drained;
      totals.failures += grown.failures;
      totals.splitBatches += grown.splitBatches;
    }
    // Without these nothing would have been tried. (A few seeds may have none.)
    expect(totals.failures).toBeGreaterThan(tinySeeds / 2 - 10);
    expect(totals.splitBatches).toBeGreaterThan(tinySeeds / 10 - 10);
    expect(totals.drained).toBeGreaterThan(5 * tinySeeds);
  });
});
