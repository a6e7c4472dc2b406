import { createContext } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore, type Produced, type Token } from "@lloyal-labs/sdk";
import type { ArmRun, Machine } from "./arm.ts";
import { agentTokens, generatedPerTurn, type Workload } from "./workload.ts";

/** The spine once, a fork per agent, and one decode for all of them. */
export async function ours(workload: Workload, { modelPath, threads }: Machine): Promise<ArmRun> {
  const { agents, spine, spineTokens, deltas } = workload;
  const nCtx = spine + agents * agentTokens(0);
  const ctx = await createContext({ modelPath, nCtx, nSeqMax: agents + 1, nThreads: threads });
  try {
    await warmUp(ctx);
    const store = new BranchStore(ctx);
    const before = { ...store.stats };
    const start = performance.now();

    const root = Branch.create(ctx, 0);
    await root.prefill(spineTokens);
    const branches = store.forkMany(root, agents);
    let last: Token[][] = branches.map(() => []);
    let generated = 0;
    for (let turn = 0; turn < (deltas[0]?.length ?? 0); turn++) {
      // The last token of the turn before was not written yet.
      await store.prefill(branches.map((branch, i) => [branch, [...(last[i] ?? []), ...(deltas[i]?.[turn] ?? [])]]));
      let tokens = branches.map((branch) => branch.produceSync().token);
      generated += tokens.length;
      for (let tick = 1; tick < generatedPerTurn; tick++) {
        const produced = await store.step(branches.map((branch, i) => [branch, tokens[i] as Token]));
        tokens = produced.map((next) => (next as Produced).token);
        generated += tokens.length;
      }
      last = tokens.map((token) => [token]);
    }

    const wallMs = performance.now() - start;
    const prefilled = store.stats.prefillTokens - before.prefillTokens;
    return { wallMs, evaluated: { prefilled, decoded: store.stats.decodedTokens - before.decodedTokens }, generated };
  } finally {
    await ctx.dispose();
  }
}

/** Pages the weights in. */
async function warmUp(ctx: Awaited<ReturnType<typeof createContext>>): Promise<void> {
  const branch = Branch.create(ctx, 0);
  await branch.prefill(Array.from({ length: 16 }, (_, i) => 100 + i));
  await branch.commit(100);
  branch.pruneSync();
}
