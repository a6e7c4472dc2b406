// On a machine with CUDA: build llama.cpp with `-DGGML_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=native` into a prefix, build the
// addon with LLAMA_PREFIX set to it, then `pnpm bench gpu --bandwidth 4.8e12`. `--shape toy` runs anywhere, in seconds.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, type NativeSession } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore, type Produced, type Token } from "@lloyal-labs/sdk";
import { round } from "../figures.ts";
import { tickBoundMs } from "./bound.ts";
import { cellBytes, type ModelShape, modelShapes } from "./model-shapes.ts";
import { type MatrixType, writeRandomModel } from "./random-model.ts";

export interface GpuOptions {
  shape: string;
  weights: string;
  /** Of the device's memory, bytes per second, as its data sheet says. */
  bandwidth: number;
  branches: readonly number[];
  prefixes: readonly number[];
}

export interface GpuRow {
  prefix: number;
  branches: number;
  /** Of all branches together. */
  tokensPerSecond: number;
  tickMs: number;
  /** Of a tick: what is not `llama_decode`. */
  hostMs: number;
  /** The least time of a tick by the bandwidth, over the time it took. */
  ofBound: number;
}

export interface GpuResult {
  devices: readonly string[];
  shape: string;
  weights: string;
  weightBytes: number;
  bandwidth: number;
  rows: GpuRow[];
}

const warmTicks = 4;
const ticks = 64;

/** Ticks of many branches over one shared prefix: speed, the host's part, and how near the memory's bound they come. */
export async function benchGpu(options: GpuOptions): Promise<GpuResult> {
  const { shape, weights, bandwidth, branches, prefixes } = options;
  const sizes: ModelShape | undefined = Object.entries(modelShapes).find(([name]) => name === shape)?.[1];
  if (!sizes || !["q4_0", "f16"].includes(weights)) throw new Error(`no such model: ${shape} in ${weights}`);
  const folder = await mkdtemp(join(tmpdir(), "lloyal-gpu-"));
  try {
    const modelPath = join(folder, "random.gguf");
    const weightBytes = await writeRandomModel(modelPath, sizes, weights as MatrixType);
    const [widest, longest] = [Math.max(...branches), Math.max(...prefixes)];
    const nCtx = longest + widest * (warmTicks + ticks + 1);
    const ctx = await createContext({ modelPath, nCtx, nSeqMax: widest + 1 });
    const model = { weightBytes, cellBytes: cellBytes(sizes) };
    try {
      const rows: GpuRow[] = [];
      for (const prefix of prefixes) {
        const spine = Branch.create(ctx, 0);
        await spine.prefill(Array.from({ length: prefix }, (_, i) => i % 256));
        for (const count of branches) rows.push(await rowOf(ctx, spine, count, model, bandwidth));
        spine.pruneSync();
      }
      const { devices } = ctx.engine.capabilities;
      return { devices, shape, weights, weightBytes, bandwidth, rows };
    } finally {
      await ctx.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rowOf(
  ctx: NativeSession,
  spine: Branch,
  count: number,
  model: { weightBytes: number; cellBytes: number },
  bandwidth: number,
): Promise<GpuRow> {
  const store = new BranchStore(ctx);
  const forks = store.forkMany(spine, count);
  let tokens: Token[] = forks.map((fork) => fork.produceSync().token);
  const tick = async () => {
    const produced = await store.step(forks.map((fork, i) => [fork, tokens[i] as Token]));
    tokens = produced.map((next) => (next as Produced).token);
  };
  for (let i = 0; i < warmTicks; i++) await tick();
  const [start, decodedBefore] = [performance.now(), ctx.decodeMs()];
  for (let i = 0; i < ticks; i++) await tick();
  const wall = performance.now() - start;
  const bound = tickBoundMs({ branches: count, prefix: spine.position, own: warmTicks + ticks / 2 }, model, bandwidth);
  const row = {
    prefix: spine.position,
    branches: count,
    tokensPerSecond: round((1000 * count * ticks) / wall),
    tickMs: round(wall / ticks),
    hostMs: round((wall - (ctx.decodeMs() - decodedBefore)) / ticks),
    ofBound: round((bound * ticks) / wall),
  };
  for (const fork of forks) fork.pruneSync();
  return row;
}
