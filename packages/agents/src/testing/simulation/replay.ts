// Runs one seed of the simulation again:
//
//   node --conditions=source --import tsx packages/agents/src/testing/simulation/replay.ts <seed> [options]
//
//   --trace         prints every step
//   --until N       only up to step N
//   --scenario      prints what the seed asks for
//   --halt K,L      halts the scenario at these steps
//   --let-go K      lets go of one agent at this step
//   --later N       does so N turns of the microtask queue later
import { parseArgs } from "node:util";
import { generateScenario } from "./generate-scenario.ts";
import { runScenario } from "./run-scenario.ts";
import { withTasks } from "./scenario.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trace: { type: "boolean" },
    until: { type: "string" },
    scenario: { type: "boolean" },
    halt: { type: "string" },
    "let-go": { type: "string" },
    later: { type: "string" },
  },
});
const seed = Number(positionals[0]);
if (!Number.isInteger(seed)) {
  process.stderr.write(
    "usage: replay <seed> [--trace] [--until N] [--scenario] [--halt K,L] [--let-go K] [--later N]\n",
  );
  process.exit(2);
}
const letGoAt = values["let-go"] === undefined ? undefined : Number(values["let-go"]);
const generated = generateScenario(seed);
const scenario = letGoAt === undefined ? generated : withTasks(generated);
if (values.scenario) print(JSON.stringify(scenario, null, 2));
const report = await runScenario(scenario, {
  haltAt: values.halt?.split(",").map(Number),
  letGoAt,
  turnsLater: Number(values.later ?? 0),
});
if (values.trace) {
  const shown = report.trace.slice(0, values.until === undefined ? undefined : Number(values.until));
  for (const [i, line] of shown.entries()) print(`${String(i + 1).padStart(6)}  ${line}`);
}
const outcomes = [...report.outcomes].map(([id, outcome]) => `${id} ${outcome}`).join(", ");
print(
  `seed ${seed}: ${report.end} after ${report.trace.length} steps, ${report.ticks} ticks, ${report.virtualMs} virtual ms`,
);
print(`agents: ${outcomes || "none"}`);
print(`trace:  sha256 ${report.hash}`);
for (const violation of report.violations) print(`FAIL    ${violation}`);
if (report.violations.length > 0) process.exitCode = 1;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
