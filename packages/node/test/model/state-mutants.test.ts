// Wrong states against the native engine. They are tried in children, because what this looks for ends a process.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import type { Trial } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tryMutants } from "./try-mutants.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 300);
const child = join(import.meta.dirname, "state-mutants-child.ts");
const folder = mkdtempSync(join(tmpdir(), "lloyal-state-mutants-"));
const modelPath = join(folder, "tiny.gguf");

beforeAll(() => writeFileSync(modelPath, writeGguf(tinyModel())));
afterAll(() => rmSync(folder, { recursive: true }));

it(`${runs} mutants of a saved tree end no process, and each ends in a typed error or in a state that may be`, {
  timeout: 7_200_000,
}, async () => {
  const { lines, deaths } = await tryMutants<{ seed: number } & Partial<Trial>>(child, runs, [modelPath]);
  expect(deaths).toEqual([]);
  const ended = lines.filter(({ outcome }) => outcome !== undefined);
  expect(ended).toHaveLength(runs);
  const outcomes: Record<string, number> = {};
  for (const { outcome, isSealed } of ended) {
    const key = `${outcome}, ${isSealed ? "sealed again" : "damaged"}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  }
  console.log(`${runs} mutants:`, outcomes);
  expect(outcomes["restored, damaged"]).toBeUndefined();
  for (const outcome of ["restored", "STATE_INVALID"])
    expect(outcomes[`${outcome}, sealed again`], outcome).toBeGreaterThan(runs / 50);
});
