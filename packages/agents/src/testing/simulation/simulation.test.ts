import { describe, expect, it } from "vitest";
import { eightAgents } from "./eight-agents.ts";
import { generateScenario } from "./generate-scenario.ts";
import { type RunReport, runScenario } from "./run-scenario.ts";
import { allTeams } from "./scenario.ts";

const seeds = Array.from({ length: Number(process.env.LLOYAL_RUNS ?? 1000) }, (_, i) => i + 1);
const aSecondEach = 1000 * seeds.length;

/** How to see a failure again stands in its message. */
function failureOf({ seed, violations }: RunReport): string[] {
  return violations.length === 0 ? [] : [`seed ${seed}: ${violations[0]} (replay.ts ${seed} --trace)`];
}

// What is kept of each run: a trace of every seed would fill the memory.
const hashes = new Map<number, string>();

describe("a simulated scenario", () => {
  it("keeps every invariant, whatever its seed asks for", { timeout: aSecondEach }, async () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      const report = await runScenario(generateScenario(seed));
      hashes.set(seed, report.hash);
      failures.push(...failureOf(report));
    }
    expect(failures).toEqual([]);
  });

  it("writes the same trace when it is run again", { timeout: aSecondEach }, async () => {
    const differing: number[] = [];
    for (const seed of seeds) {
      const { hash } = await runScenario(generateScenario(seed));
      if (hash !== hashes.get(seed)) differing.push(seed);
    }
    expect(differing).toEqual([]);
  });

  it("brings about, within 500 seeds, all that it is there for", { timeout: 500_000 }, async () => {
    const missing = new Set([
      ...["returned", "recovered", "cut", "failed", "cancelled", "dropped"],
      ...["done", "no room for the parent", "KV_EXHAUSTED", "DECODE_FAILED"],
      ...["Error: the orchestrator", "Error: the policy"],
      ...[
        "tool in the tool of a team within a tool",
        "a result of which only a part was read",
        "256 cells",
        "4000 cells",
      ],
    ]);
    for (let seed = 1; seed <= 500; seed++) {
      const scenario = generateScenario(seed);
      const { outcomes, end, trace } = await runScenario(scenario);
      for (const seen of [...outcomes.values(), end]) missing.delete(String(seen));
      const nested = allTeams(scenario).flatMap(({ isNested, tools }) => (isNested ? tools : []));
      if (nested.some(({ name }) => trace.some((line) => line.startsWith("enter") && line.includes(` ${name}"`))))
        missing.delete("tool in the tool of a team within a tool");
      if (trace.some((line) => line.includes("[cut: "))) missing.delete("a result of which only a part was read");
      if (scenario.engine.nCtx < 300) missing.delete("256 cells");
      if (scenario.engine.nCtx > 3500) missing.delete("4000 cells");
    }
    expect([...missing]).toEqual([]);
  });
});

describe("eight agents on one spine", () => {
  it("return, and advance together", async () => {
    const { violations, outcomes, ticks, trace } = await runScenario(eightAgents());
    expect(violations).toEqual([]);
    expect([...outcomes.values()]).toEqual(new Array(8).fill("returned"));
    const tokens = trace.filter((line) => line.includes("agent:produce")).length;
    expect(tokens / ticks).toBeGreaterThan(7);
  });
});
