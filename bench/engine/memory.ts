import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { quantile, round } from "../figures.ts";
import type { NativePrograms } from "./native-programs.ts";

/** Resident memory beyond llama.cpp's own, with so many branches alive. */
export interface MemoryCost {
  branches: number;
  /** Of (our process - itself before the addon was loaded) - (plain llama.cpp - itself before). */
  beyondMb: number;
  /** One row of logits per branch. */
  rowsMb: number;
}

interface Resident {
  before: number;
  after: number;
  vocab: number;
}

const nCtx = 2048;
const samples = 3;
const child = fileURLToPath(new URL("./memory-child.ts", import.meta.url));

/** Fresh processes, ours and plain llama.cpp in turn, with the same model, context, prompt, forks and one row each. */
export async function memoryCosts(
  { plainLlama }: NativePrograms,
  modelPath: string,
  widths: readonly number[] = [1, 4, 16],
): Promise<MemoryCost[]> {
  const costs: MemoryCost[] = [];
  for (const branches of widths) {
    const shape = [modelPath, String(nCtx), String(branches)];
    const beyond: number[] = [];
    let vocab = 0;
    for (let i = 0; i < samples; i++) {
      const ours = await residentOf(process.execPath, [...process.execArgv, "--expose-gc", child, ...shape]);
      const plain = await residentOf(plainLlama, shape);
      beyond.push(ours.after - ours.before - (plain.after - plain.before));
      vocab = plain.vocab;
    }
    costs.push({ branches, beyondMb: megabytes(quantile(beyond, 0.5)), rowsMb: megabytes(branches * vocab * 4) });
  }
  return costs;
}

async function residentOf(program: string, args: readonly string[]): Promise<Resident> {
  const { stdout } = await promisify(execFile)(program, args);
  return JSON.parse(stdout) as Resident;
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6);
}
