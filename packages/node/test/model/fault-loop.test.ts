// Whichever decode fails, nothing is lost: through the addon, on real weights and on every family.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyArchitectures, tinyModel } from "@lloyal-labs/models/testing";
import { Branch } from "@lloyal-labs/sdk";
import { type FaultKind, runFaultLoop } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openContext } from "../../src/create-context.ts";

const smol = process.env.LLOYAL_SMOL ?? "";
const size = { nCtx: 256, nBatch: 16, nUbatch: 8, nSeqMax: 6, nThreads: 1 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-faults-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function tinyPath(architecture: (typeof tinyArchitectures)[number]): string {
  const path = join(folder, `${architecture}.gguf`);
  writeFileSync(path, writeGguf(tinyModel({ architecture, seed: 1 })));
  return path;
}

async function openFaulty(modelPath: string) {
  const { session, native } = await openContext({ ...size, modelPath });
  return { ctx: session, failDecodes: native.failDecodes.bind(native) };
}

async function expectNothingLost(modelPath: string, kinds: readonly FaultKind[], stride = 1): Promise<void> {
  const { runs, failures } = await runFaultLoop(() => openFaulty(modelPath), kinds, { stride });
  // The script has 27 decodes. Each of them fails once, and once with all that follow, for each kind.
  expect(runs).toBe(2 * kinds.length * Math.ceil(27 / stride));
  expect(failures).toBe(1.5 * runs);
}

// Real weights take a second per run: a sample, but for `pnpm verify`.
const stride = process.env.LLOYAL_RUNS ? 1 : 6;

it.skipIf(!smol)("real weights", () => expectNothingLost(smol, ["no-space", "compute"], stride));

const recurrent = ["mamba", "lfm2"] as const;

it.each(tinyArchitectures.filter((each) => !recurrent.some((one) => one === each)))("%s", (architecture) =>
  expectNothingLost(tinyPath(architecture), ["no-space", "compute", "not-finite"]),
);

// Without "compute": see below.
it.each(recurrent)("%s", (architecture) => expectNothingLost(tinyPath(architecture), ["no-space", "not-finite"]));

it.each(recurrent)(
  "%s, when a computation breaks off: states may be lost, and no call goes on with them",
  async (of) => {
    const { ctx, failDecodes } = await openFaulty(tinyPath(of));
    const [one, two] = [Branch.create(ctx, 0), Branch.create(ctx, 0)];
    for (const branch of [one, two]) await branch.prefill([72, 105, 33]);
    const seen = () => [one, two].map((branch) => [branch.position, branch.getLogits(), branch.produceSync()]);
    const before = seen();
    failDecodes({ kind: "compute", spared: 0, lasting: false });
    for (const write of [
      () => one.commit(72),
      () => one.commit(72),
      () => two.prefill([72]),
      () => Branch.create(ctx, 0).prefill([72]),
    ]) {
      await expect(write()).rejects.toMatchObject({
        ...{ code: "DECODE_FAILED", remedy: expect.stringContaining("Open a new context") },
      });
      expect(seen()).toEqual(before);
    }
    await ctx.dispose();
  },
);
