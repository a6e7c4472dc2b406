import { join } from "node:path";
import { Problem } from "./problem.mjs";
import { run } from "./run.mjs";

/**
 * Runs dependency-cruiser over the workspace.
 *
 * @param {string} root
 * @param {AbortSignal} signal
 */
export async function cruise(root, signal) {
  const command = join(root, "node_modules", "dependency-cruiser", "bin", "dependency-cruise.mjs");
  const args = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "packages", "apps", "bench"];
  const { exitCode, output } = await run(process.execPath, [command, ...args], { cwd: root, env: process.env, signal });
  const report = readReport(output);
  if (!report) throw new Problem(`dependency-cruiser ended with exit code ${exitCode}:\n${output}`);
  const { modules, summary } = report;
  return {
    modules: modules.filter(({ source }) => /^(packages|apps|bench)\//.test(source)).length,
    dependencies: summary.totalDependenciesCruised,
    violations: summary.violations.map(({ rule, from, to, cycle }) => {
      const way = cycle ? cycle.map(({ name }) => name) : [to];
      return `${rule.name}: ${[from, ...way].join(" → ")}`;
    }),
  };
}

/**
 * @typedef {{ rule: { name: string }, from: string, to: string, cycle?: { name: string }[] }} Violation
 * @typedef {{ totalDependenciesCruised: number, violations: Violation[] }} Summary
 *
 * @param {string} output
 * @returns {{ modules: { source: string }[], summary: Summary } | undefined}
 */
function readReport(output) {
  try {
    return JSON.parse(output);
  } catch {
    return undefined; // an error message in place of a report
  }
}
