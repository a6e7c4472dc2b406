import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchTarget } from "./arms.ts";

const command = fileURLToPath(new URL("../apps/reasoning.run/bin/reasoning.run.mjs", import.meta.url));
const query = "Which environment variable enables CUDA unified memory, and what does it cost?";

interface RunStats {
  prefillTokens: number;
  idealPrefillTokens: number;
  decodedTokens: number;
  ticks: number;
  peakRssBytes: number;
  /** From the start of the process to its end. */
  commandMs: number;
}

export interface MainResult {
  median: RunStats;
  runs: RunStats[];
}

/** The main command as a whole process, three times: three agents, the embedded default. */
export async function benchMain({ modelPath, corpus }: BenchTarget): Promise<MainResult> {
  const runs: RunStats[] = [];
  for (let i = 0; i < 3; i++) runs.push(await runOnce(modelPath, corpus));
  const median = (pick: (run: RunStats) => number) => runs.map(pick).sort((a, b) => a - b)[1] as number;
  return {
    runs,
    median: {
      prefillTokens: median((run) => run.prefillTokens),
      idealPrefillTokens: median((run) => run.idealPrefillTokens),
      decodedTokens: median((run) => run.decodedTokens),
      ticks: median((run) => run.ticks),
      peakRssBytes: median((run) => run.peakRssBytes),
      commandMs: median((run) => run.commandMs),
    },
  };
}

async function runOnce(modelPath: string, corpus: string): Promise<RunStats> {
  const folder = mkdtempSync(join(tmpdir(), "lloyal-bench-"));
  try {
    const started = performance.now();
    const args = [
      "--corpus",
      corpus,
      "--query",
      query,
      "--model",
      modelPath,
      "--json",
      "--output",
      join(folder, "r.md"),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { maxBuffer: 1 << 26 });
    const commandMs = Math.round(performance.now() - started);
    const { stats } = JSON.parse(stdout) as { stats: Omit<RunStats, "commandMs"> };
    return { ...stats, commandMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bars of this bench that are missed. */
export function missedBars({ median }: MainResult): string[] {
  const ratio = median.prefillTokens / median.idealPrefillTokens;
  const bars: [missed: boolean, text: string][] = [
    [median.commandMs > 180_000, `the command takes ${median.commandMs} ms; the bar is 180000`],
    [median.peakRssBytes >= 1.5e9, `peak memory is ${median.peakRssBytes} bytes; the bar is 1.5e9`],
    [median.prefillTokens > 6000, `${median.prefillTokens} tokens are prefilled; the bar is 6000`],
    [median.decodedTokens > 1000, `${median.decodedTokens} tokens are decoded; the bar is 1000`],
    [ratio > 1.05, `prefilled / ideal is ${ratio.toFixed(3)}; the bar is 1.05`],
  ];
  return bars.filter(([missed]) => missed).map(([, text]) => text);
}
