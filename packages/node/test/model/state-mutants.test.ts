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
const pathOf = (architecture: string) => join(folder, `${architecture}.gguf`);

// Cells alone, cells of two kinds, cells beside a state, a state alone.
const architectures = ["llama", "gemma3", "lfm2", "mamba"] as const;

beforeAll(() => {
  for (const architecture of architectures) {
    writeFileSync(pathOf(architecture), writeGguf(tinyModel({ architecture, seed: 1 })));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(architectures)(
  `${runs} mutants of a saved tree end no process, and each ends in a typed error or in a state that may be: %s`,
  {
    timeout: 7_200_000,
  },
  async (architecture) => {
    const { lines, deaths } = await tryMutants<{ seed: number } & Partial<Trial>>(child, runs, [pathOf(architecture)]);
    expect(deaths).toEqual([]);
    const ended = lines.filter(({ outcome }) => outcome !== undefined);
    expect(ended).toHaveLength(runs);
    const outcomes: Record<string, number> = {};
    for (const { outcome, isSealed } of ended) {
      const key = `${outcome}, ${isSealed ? "sealed again" : "damaged"}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    }
    console.log(`${runs} mutants of ${architecture}:`, outcomes);
    expect(outcomes["restored, damaged"]).toBeUndefined();
    for (const outcome of ["restored", "STATE_INVALID"])
      expect(outcomes[`${outcome}, sealed again`], outcome).toBeGreaterThan(runs / 50);
  },
);
