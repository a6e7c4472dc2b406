// Wrong model files against the native loader. They are tried in children, because what this looks for ends a process.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const runs = Number(process.env.LLOYAL_RUNS ?? 500);
const child = join(import.meta.dirname, "gguf-mutants-child.ts");
const packageFolder = join(import.meta.dirname, "../..");

// A mutant takes some ten milliseconds.
const hangMs = 120_000;

/** What a child says: of each mutant first its kind, then how each stage ended. */
interface Line {
  seed: number;
  kind?: string;
  stage?: "vocabulary" | "decode";
  outcome?: "passed" | "validator" | "llama.cpp" | "untyped";
  message?: string;
}

describe(`${runs} mutants of a tiny model`, () => {
  const lines: Line[] = [];
  const deaths: string[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lloyal-mutants-"));
    for (let next = 0; next < runs; ) {
      const heard = await hear(spawnChild(folder, next, runs - next));
      lines.push(...heard.lines);
      const last = heard.lines.at(-1)?.seed ?? next;
      if (heard.end !== "exit 0") deaths.push(`seed ${last}: ${heard.end}: ${heard.complaint}`);
      next = last + 1;
    }
  }, 7_200_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ended = (stage: Line["stage"], outcome: Line["outcome"]) =>
    lines.filter((line) => line.stage === stage && line.outcome === outcome);

  it("never end the process, nor keep it", () => {
    expect(deaths).toEqual([]);
  });

  it("are all tried, and end in a token or in a typed error", () => {
    const untyped = [...ended("vocabulary", "untyped"), ...ended("decode", "untyped")];
    expect(untyped.map(({ seed, stage, message }) => `seed ${seed}, ${stage}: ${message}`)).toEqual([]);
    const outcomes = {
      "refused by the validator": ended("decode", "validator").length,
      "refused by llama.cpp or its context": ended("decode", "llama.cpp").length,
      decoded: ended("decode", "passed").length,
    };
    console.log(`${runs} mutants:`, outcomes);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(runs);
  });

  it("are not all refused, nor all by one of the two", () => {
    for (const outcome of ["passed", "validator", "llama.cpp"] as const) {
      expect(ended("decode", outcome).length, outcome).toBeGreaterThan(runs / 50);
    }
  });
});

// Spawned, not forked: the threads of a backend that was used do not survive a fork.
function spawnChild(folder: string, firstSeed: number, count: number): ChildProcess {
  const flags = ["--conditions=source", "--import", "tsx", child, folder, String(firstSeed), String(count)];
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
