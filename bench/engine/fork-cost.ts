import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createContext } from "@lloyal-labs/lloyal.node";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { Branch } from "@lloyal-labs/sdk";
import { quantile } from "../figures.ts";
import type { NativePrograms } from "./native-programs.ts";

/** `forkSync` on the JavaScript thread, with so many cells in the branch that is forked. */
export interface ForkCost {
  cells: number;
  /** Microseconds of one call. */
  medianUs: number;
  p99Us: number;
}

const sizes = [1024, 8192, 32_768];
const forks = 2000;

/** What `forkSync` queued, carried out on the owner thread before the next batch. */
export interface MaterialiseCost {
  cells: number;
  /** Medians, in turn with one another. */
  materialiseUs: number;
  bareUs: number;
}

/** On a tiny generated model: what a fork costs depends on the cells, if on anything, and not on the weights. */
export function forkCosts(): Promise<ForkCost[]> {
  return atAllSizes(costAt);
}

/** Next to bare `llama_memory_seq_cp`, by `native/bench/fork_cost.cpp`. */
export function materialiseCosts({ forkCost }: NativePrograms): Promise<MaterialiseCost[]> {
  return atAllSizes(async (modelPath, cells) => {
    const { stdout } = await promisify(execFile)(forkCost, [modelPath, String(cells)]);
    return JSON.parse(stdout) as MaterialiseCost;
  });
}

async function atAllSizes<T>(measure: (modelPath: string, cells: number) => Promise<T>): Promise<T[]> {
  const modelPath = join(tmpdir(), `lloyal-bench-${process.pid}.gguf`);
  await writeFile(modelPath, writeGguf(tinyModel()));
  try {
    const costs: T[] = [];
    for (const cells of sizes) costs.push(await measure(modelPath, cells));
    return costs;
  } finally {
    await rm(modelPath, { force: true });
  }
}

async function costAt(modelPath: string, cells: number): Promise<ForkCost> {
  const ctx = await createContext({ modelPath, nCtx: cells + 256, nSeqMax: 4, nBatch: 2048 });
  try {
    const spine = Branch.create(ctx, 0);
    await spine.prefill(Array.from({ length: cells }, (_, i) => 32 + (i % 64)));
    const micros: number[] = [];
    for (let i = 0; i < forks; i++) {
      const start = performance.now();
      const fork = spine.forkSync();
      micros.push((performance.now() - start) * 1000);
      fork.pruneSync();
      // What a fork queues runs before the next batch, which comes soon in life.
      if (i % 50 === 49) await ctx.engine.countCells();
    }
    return { cells, medianUs: quantile(micros, 0.5), p99Us: quantile(micros, 0.99) };
  } finally {
    await ctx.dispose();
  }
}
