import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endedOf, type Trials, tryFiles, untypedOf } from "./gguf-children.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 1000);
const smol = process.env.LLOYAL_SMOL ?? "";
// A real model takes ten times as long.
const flips = Math.ceil(runs / 10);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-mutants-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`${runs} mutants of a tiny model`, () => {
  let trials: Trials;
  beforeAll(async () => {
    trials = await tryFiles("gguf-mutants-child.ts", folder, runs);
  }, 7_200_000);

  it("never end the process, nor keep it", () => {
    expect(trials.deaths).toEqual([]);
  });

  it("are all tried, and end in a token or in a typed error", () => {
    expect(untypedOf(trials)).toEqual([]);
    const outcomes = {
      "refused by the validator": endedOf(trials, "decode", "validator").length,
      "refused by llama.cpp or its context": endedOf(trials, "decode", "llama.cpp").length,
      decoded: endedOf(trials, "decode", "passed").length,
    };
    console.log(`${runs} mutants:`, outcomes);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(runs);
  });

  it("are not all refused, nor all by one of the two", () => {
    for (const outcome of ["passed", "validator", "llama.cpp"] as const) {
      expect(endedOf(trials, "decode", outcome).length, outcome).toBeGreaterThan(runs / 50);
    }
  });
});

describe.skipIf(!smol)(`a real model with one bit of its header turned, ${flips} times`, () => {
  let trials: Trials;
  beforeAll(async () => {
    const copy = join(folder, "real.gguf");
    copyFileSync(smol, copy);
    trials = await tryFiles("gguf-flips-child.ts", copy, flips);
  }, 7_200_000);

  it("never ends the process, nor keeps it, and each time gives a token or a typed error", () => {
    expect(trials.deaths).toEqual([]);
    expect(untypedOf(trials)).toEqual([]);
    expect(trials.lines.filter(({ stage }) => stage === "decode")).toHaveLength(flips);
  });

  it("is never taken with a wrong list of tensors", () => {
    const kinds = new Map(trials.lines.flatMap(({ seed, kind }) => (kind ? [[seed, kind]] : [])));
    const taken = endedOf(trials, "decode", "passed").map(({ seed }) => kinds.get(seed));
    console.log(`a bit turned: ${taken.length} of ${flips} taken`);
    expect(taken).not.toContain("tensors");
  });
});
