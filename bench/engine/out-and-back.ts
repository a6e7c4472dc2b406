import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createContext } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore } from "@lloyal-labs/sdk";
import { round } from "../figures.ts";
import { watchLoop } from "./loop-delay.ts";

/** A branch that leaves the cache and comes back, each way. */
export interface OutAndBack {
  tokens: number;
  /** Of the state that is saved. */
  megabytes: number;
  ways: Way[];
}

interface Way {
  what: string;
  ms: number;
  /** For how long the event loop was held up at most. */
  longestMs: number;
  /** The same without the time in which its thread was given no core. */
  ownLongestMs?: number;
}

const tokens = 8192;

export async function benchOutAndBack(modelPath: string): Promise<OutAndBack> {
  const folder = mkdtempSync(join(tmpdir(), "lloyal-out-and-back-"));
  const ctx = await createContext({ modelPath, nCtx: 2 * tokens });
  try {
    return await allWays(new BranchStore(ctx), await longBranch(ctx), (name) => join(folder, name));
  } finally {
    await ctx.dispose();
    rmSync(folder, { recursive: true });
  }
}

async function longBranch(ctx: Awaited<ReturnType<typeof createContext>>): Promise<Branch> {
  const branch = Branch.create(ctx, 0);
  await branch.prefill(Array.from({ length: tokens }, (_, i) => 100 + ((i * 7919) % 40_000)));
  return branch;
}

async function allWays(store: BranchStore, branch: Branch, path: (name: string) => string): Promise<OutAndBack> {
  const ways: Way[] = [];
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const stop = watchLoop();
    const begin = performance.now();
    const result = await work();
    const ms = round(performance.now() - begin);
    // The timer tells of the last delay after it.
    await pause(20);
    const { delayMs, ownMs } = stop();
    ways.push({ what, ms, longestMs: delayMs.max, ...(ownMs && { ownLongestMs: ownMs.max }) });
    return result;
  };
  await timed("parked in memory", () => branch.park());
  await timed("back from memory", () => branch.unpark());
  await timed("parked in a file", () => branch.park(path("parked")));
  await timed("back from the file", () => branch.unpark());
  const bytes = await timed("saved as bytes", () => store.save(branch));
  await timed("saved as a file", () => store.saveFile(path("saved"), branch));
  branch.pruneSync();
  const fromBytes = await timed("restored from bytes", () => store.restore(bytes));
  fromBytes.pruneSync();
  await timed("restored from the file", () => store.restoreFile(path("saved")));
  return { tokens, megabytes: bytes.length / 1e6, ways };
}

const longestMs = 20;

/** Of what the loop itself holds up: while a file goes onto the disk, the system needs the cores too. */
export function missedBars({ ways }: OutAndBack): string[] {
  return ways
    .map((way) => ({ ...way, longest: way.ownLongestMs ?? way.longestMs }))
    .filter(({ longest }) => !(longest < longestMs))
    .map(
      ({ what, longest }) =>
        `a branch is ${what}, and the event loop stands for ${longest} ms; the bar is ${longestMs}`,
    );
}
