// Creates, uses and disposes contexts, and writes the resident memory now and then. Arguments: a model, how many rounds.
import { Branch, BranchStore } from "@lloyal-labs/sdk";
import { createContext } from "../../src/index.ts";

const [modelPath = "", rounds = "0"] = process.argv.slice(2);
const looks = 10;
const every = Math.max(1, Math.floor(Number(rounds) / looks));

for (let round = 1; round <= Number(rounds); round++) {
  await use();
  if (round % every !== 0) continue;
  globalThis.gc?.();
  process.stdout.write(`${process.memoryUsage().rss}\n`);
}

async function use(): Promise<void> {
  const ctx = await createContext({ modelPath, nCtx: 4096, nSeqMax: 4, nThreads: 1 });
  const store = new BranchStore(ctx);
  const trunk = Branch.create(ctx, 0, { temperature: 1, seed: 1 }, undefined, "root ::= [a-z ]{1,40}");
  await trunk.prefill(ctx.language.tokenize([{ text: "Once upon a time", origin: "user" }]));
  const forks = store.forkMany(trunk, 3);
  await store.step(forks.map((fork) => [fork, fork.produceSync().token] as const));
  forks[0]?.pruneSync();
  trunk.getLogits();
  // The rest goes with the context.
  await ctx.dispose();
}
