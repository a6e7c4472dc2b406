// Restores mutants of a saved tree, one after another, and says which one before it does: a mutant that ends this process
// is the last that was named. Arguments: a model, the first seed, how many.
import { writeSync } from "node:fs";
import { StateTrial } from "@lloyal-labs/sdk/testing";
import { createContext } from "../../src/index.ts";

const [modelPath = "", firstSeed = "0", count = "0"] = process.argv.slice(2);
const ctx = await createContext({ modelPath, nCtx: 512, nSeqMax: 6, nThreads: 1 });
const trial = await StateTrial.create(ctx);
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(count); seed++) {
  report({ seed });
  report({ seed, ...(await trial.run(seed)) });
}
await ctx.dispose();

// At once and in full, also when the process ends in the next moment.
function report(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
