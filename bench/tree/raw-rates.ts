import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Machine } from "./arm.ts";
import type { RawRates } from "./floor.ts";
import { generatedPerTurn, type TreeShape } from "./workload.ts";

/** A prompt that fills one batch, where the spine would not. */
const shortestPrompt = 512;

/**
 * llama.cpp's own `llama-batched-bench`, the better of each with and without flash attention (on a CPU the one is faster for
 * prompts, the other for ticks): one prompt as long as the spine, shared by all sequences, then a turn of ticks.
 * That is as shallow as the workload ever is, so the floor errs to the side that is hard for us.
 */
export async function rawRates(program: string, shape: TreeShape, machine: Machine): Promise<RawRates> {
  const rates = [await measure(program, shape, machine, "on"), await measure(program, shape, machine, "off")];
  const best = (of: keyof RawRates) => Math.max(...rates.map((each) => each[of]));
  return { prefill: best("prefill"), decode: best("decode") };
}

async function measure(
  program: string,
  { agents, spine }: TreeShape,
  machine: Machine,
  flashAttention: "on" | "off",
): Promise<RawRates> {
  const prompt = Math.max(spine, shortestPrompt);
  const threads = String(machine.threads);
  const { stdout, stderr } = await promisify(execFile)(program, [
    ...["-m", machine.modelPath, "-t", threads, "-tb", threads, "-ngl", "0", "-fa", flashAttention],
    ...["-c", String(prompt + agents * generatedPerTurn + 256), "-b", "512", "-ub", "512", "-kvu", "-pps"],
    ...["-npp", String(prompt), "-ntg", String(generatedPerTurn), "-npl", String(agents)],
    ...["--output-format", "jsonl"],
  ]);
  const line = `${stdout}\n${stderr}`.split("\n").find((text) => text.startsWith("{"));
  if (!line) throw new Error(`llama-batched-bench measured nothing:\n${stderr.slice(-2000)}`);
  const { speed_pp, speed_tg } = JSON.parse(line) as { speed_pp: number; speed_tg: number };
  return { prefill: speed_pp, decode: speed_tg };
}
