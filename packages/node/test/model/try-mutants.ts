import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const packageFolder = join(import.meta.dirname, "../..");

// A mutant takes some ten milliseconds, one of a real model some hundred.
const hangMs = 120_000;

/**
 * Runs a script that tries the mutants of seeds 0 to `runs` and says, line by line, which one it is at; its arguments are
 * `args`, the first seed and how many. Where it ends at one, another process goes on with the next.
 */
export async function tryMutants<L extends { seed: number }>(
  script: string,
  runs: number,
  args: readonly string[] = [],
): Promise<{ lines: L[]; deaths: string[] }> {
  const lines: L[] = [];
  const deaths: string[] = [];
  for (let next = 0; next < runs; ) {
    const heard = await hear<L>(spawnChild(script, [...args, String(next), String(runs - next)]));
    lines.push(...heard.lines);
    const last = heard.lines.at(-1)?.seed ?? next;
    if (heard.end !== "exit 0") deaths.push(`seed ${last}: ${heard.end}: ${heard.complaint}`);
    next = last + 1;
  }
  return { lines, deaths };
}

// Spawned, not forked: the threads of a backend that was used do not survive a fork.
function spawnChild(script: string, args: readonly string[]): ChildProcess {
  const flags = ["--conditions=source", "--import", "tsx", script, ...args];
  return spawn(process.execPath, flags, { cwd: packageFolder, stdio: ["ignore", "pipe", "pipe"] });
}

/** All that a child says until it ends, by itself or because it said nothing for too long. */
async function hear<L>(process: ChildProcess): Promise<{ lines: L[]; end: string; complaint: string }> {
  const lines: L[] = [];
  let complaint = "";
  let isHanging = false;
  const hang = setTimeout(() => {
    isHanging = true;
    process.kill("SIGKILL");
  }, hangMs);
  process.stderr?.on("data", (text) => {
    complaint = `${complaint}${text}`.slice(-2_000);
  });
  createInterface({ input: process.stdout! }).on("line", (line) => {
    hang.refresh();
    lines.push(JSON.parse(line));
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    process.on("close", (...ending) => resolve(ending));
  });
  clearTimeout(hang);
  return { lines, end: isHanging ? "hangs" : signal ? `ends by ${signal}` : `exit ${code}`, complaint };
}
