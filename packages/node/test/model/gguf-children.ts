// Wrong model files against the native loader. They are tried in children, because what this looks for ends a process.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const packageFolder = join(import.meta.dirname, "../..");

// A file takes some ten milliseconds, a real model some hundred.
const hangMs = 120_000;

/** What a child says: of each mutant first its kind, then how each stage ended. */
export interface Line {
  seed: number;
  kind?: string;
  stage?: "vocabulary" | "decode";
  outcome?: "passed" | "validator" | "llama.cpp" | "untyped";
  message?: string;
}

/** What all children said, and how those ended that did not end well. */
export interface Trials {
  lines: Line[];
  deaths: string[];
}

/** Tries the files of `runs` seeds. A child that ends is followed by another, from the next seed on. */
export async function tryFiles(childFile: string, place: string, runs: number): Promise<Trials> {
  const lines: Line[] = [];
  const deaths: string[] = [];
  for (let next = 0; next < runs; ) {
    const heard = await hear(spawnChild(childFile, [place, String(next), String(runs - next)]));
    lines.push(...heard.lines);
    const last = heard.lines.at(-1)?.seed ?? next;
    if (heard.end !== "exit 0") deaths.push(`seed ${last}: ${heard.end}: ${heard.complaint}`);
    next = last + 1;
  }
  return { lines, deaths };
}

/** What went through `stage` as `outcome`. */
export function endedOf({ lines }: Trials, stage: Line["stage"], outcome: Line["outcome"]): Line[] {
  return lines.filter((line) => line.stage === stage && line.outcome === outcome);
}

/** Failures that are no typed error. */
export function untypedOf(trials: Trials): string[] {
  const untyped = [...endedOf(trials, "vocabulary", "untyped"), ...endedOf(trials, "decode", "untyped")];
  return untyped.map(({ seed, stage, message }) => `seed ${seed}, ${stage}: ${message}`);
}

// Spawned, not forked: the threads of a backend that was used do not survive a fork.
function spawnChild(file: string, args: readonly string[]): ChildProcess {
  const flags = ["--conditions=source", "--import", "tsx", join(import.meta.dirname, file), ...args];
  return spawn(process.execPath, flags, { cwd: packageFolder, stdio: ["ignore", "pipe", "pipe"] });
}

/** All that a child says until it ends, by itself or because it said nothing for too long. */
async function hear(process: ChildProcess): Promise<{ lines: Line[]; end: string; complaint: string }> {
  const lines: Line[] = [];
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
