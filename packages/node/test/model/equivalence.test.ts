import { describe, expect, it } from "vitest";
import { createContext } from "../../src/index.ts";
import { recordTree, replayFresh } from "./equivalence-replay.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";
const seeds = Number(process.env.LLOYAL_RUNS ?? 3);

const open = () => createContext({ modelPath, nCtx: 1024, nBatch: 96, nUbatch: 96, nSeqMax: 12, nThreads: 1 });

describe.skipIf(!modelPath)("a branch of a tree", () => {
  it(`has the rows of a fresh run in the same circumstances, bit by bit, for ${seeds} trees`, async () => {
    const totals = { rows: 0, forks: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const ctx = await open();
      const tree = await recordTree(ctx, seed, 50);
      const depthOf = (branch: (typeof tree.living)[number]): number =>
        branch.parent ? 1 + depthOf(branch.parent) : 0;
      const deepest = [...tree.living].sort((a, b) => depthOf(b) - depthOf(a)).slice(0, 2);
      for (const watched of deepest) {
        const fresh = await open();
        const { rows, equal } = await replayFresh(fresh, tree, watched);
        expect(equal, `seed ${seed}, branch ${watched.id}: equal rows of ${rows}`).toBe(rows);
        await fresh.dispose();
        totals.rows += rows;
        totals.forks += depthOf(watched);
      }
      await ctx.dispose();
    }
    // Without these nothing would have been compared.
    expect(totals.rows).toBeGreaterThan(10 * seeds);
    expect(totals.forks).toBeGreaterThan(2 * seeds - 5);
  });
});
