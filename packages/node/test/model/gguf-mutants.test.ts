// Wrong model files against the native loader. They are tried in children, because what this looks for ends a process.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tryMutants } from "./try-mutants.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 500);
const child = join(import.meta.dirname, "gguf-mutants-child.ts");

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
    const heard = await tryMutants<Line>(child, runs, [folder]);
    lines.push(...heard.lines);
    deaths.push(...heard.deaths);
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
