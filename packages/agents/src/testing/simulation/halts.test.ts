import { describe, expect, it } from "vitest";
import { generateScenario } from "./generate-scenario.ts";
import { type RunOptions, type RunReport, runScenario } from "./run-scenario.ts";
import { type Scenario, withTasks } from "./scenario.ts";

// A hundredth of what the seeds take: each scenario is run four times for each of its steps.
const scenariosMax = Math.max(20, Math.floor(Number(process.env.LLOYAL_RUNS ?? 1000) / 100));
const stepsMax = 250;
const timeout = 60_000 * scenariosMax;

/** By turns a scenario in which tools run and one in which agents recover, small enough to be halted at every step. */
async function* scenarios(): AsyncGenerator<{ scenario: Scenario; whole: RunReport }> {
  let found = 0;
  for (let seed = 1; found < scenariosMax; seed++) {
    const scenario = generateScenario(seed);
    const whole = await runScenario(scenario);
    const hasTools = whole.trace.some((line) => line.startsWith('enter "tool'));
    const isWanted = found % 2 === 0 ? hasTools : [...whole.outcomes.values()].includes("recovered");
    if (!isWanted || whole.trace.length > stepsMax) continue;
    found += 1;
    yield { scenario, whole };
  }
}

/** Runs a scenario once for each of its steps, with what `optionsAt` does to it there; the complaints. */
async function atEveryStep(
  scenario: Scenario,
  whole: RunReport,
  optionsAt: (step: number) => RunOptions,
): Promise<string[]> {
  const complaints: string[] = [];
  for (let step = 1; step <= whole.trace.length; step++) {
    const options = optionsAt(step);
    const { violations, outcomes } = await runScenario(scenario, options);
    const where = `seed ${scenario.seed}, ${JSON.stringify(options)}`;
    if (violations[0]) complaints.push(`${where}: ${violations[0]}`);
    if (!options.haltAt) continue;
    for (const [id, outcome] of outcomes) {
      if (outcome !== "cancelled" && outcome !== whole.outcomes.get(id))
        complaints.push(`${where}: ${id} ended as ${outcome}, and without the halt as ${whole.outcomes.get(id)}`);
    }
  }
  return complaints;
}

describe("a scenario that is halted", () => {
  it("leaves nothing, whatever the step: every agent is cancelled or was done", { timeout }, async () => {
    for await (const { scenario, whole } of scenarios())
      expect(await atEveryStep(scenario, whole, (step) => ({ haltAt: [step] }))).toEqual([]);
  });

  it("leaves nothing when the halt comes between two steps", { timeout }, async () => {
    for await (const { scenario, whole } of scenarios())
      expect(await atEveryStep(scenario, whole, (step) => ({ haltAt: [step], turnsLater: 1 + (step % 6) }))).toEqual(
        [],
      );
  });

  it("leaves nothing when it is halted again while it cleans up", { timeout }, async () => {
    for await (const { scenario, whole } of scenarios())
      expect(await atEveryStep(scenario, whole, (step) => ({ haltAt: [step, step + 1, step + 2, step + 4] }))).toEqual(
        [],
      );
  });
});

describe("an agent that is let go of", () => {
  it("takes nobody else with it, whatever the step", { timeout }, async () => {
    for await (const { scenario, whole } of scenarios())
      expect(await atEveryStep(withTasks(scenario), whole, (step) => ({ letGoAt: step }))).toEqual([]);
  });
});
