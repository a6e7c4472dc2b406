// A process of its own: `memory-child.ts MODEL N_CTX BRANCHES`, under --expose-gc. The work of native/bench/plain_llama.cpp
// through our own engine; prints the resident bytes before anything native is loaded and when every branch has a row.
import { readFileSync } from "node:fs";
import { createContext } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore } from "@lloyal-labs/sdk";

const [modelPath = "", nCtx, branches] = process.argv.slice(2);

const before = resident();
const ctx = await createContext({ modelPath, nCtx: Number(nCtx), nSeqMax: 17, nThreads: 2 });
const store = new BranchStore(ctx);
const root = Branch.create(ctx, 0);
await root.prefill(Array.from({ length: 512 }, (_, i) => 100 + i));
const all = [root, ...store.forkMany(root, Number(branches) - 1)];
await store.step(all.map((branch, i) => [branch, 100 + i] as const));
process.stdout.write(JSON.stringify({ before, after: resident() }));
await ctx.dispose();

/** What the collector has not fetched yet is nobody's memory. */
function resident(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}
