// `npm test`: the set-up, then everything that checks this repository. All steps run even where one fails; the last
// line is the sum over all of them.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gtestCounts, stepCounts, sumCounts, summaryLine, vitestCounts } from "./lib/counts.mjs";
import { runMain } from "./lib/main.mjs";
import { withPrivateTemp } from "./lib/private-temp.mjs";
import { Problem } from "./lib/problem.mjs";
import { run } from "./lib/run.mjs";
import { setUpTests } from "./lib/test-setup.mjs";

await runMain(async (signal) => {
  const counts = await setUpAndCheck(signal);
  console.log(summaryLine(counts));
  return counts.failed > 0 ? 1 : 0;
});

/** @param {AbortSignal} signal */
async function setUpAndCheck(signal) {
  try {
    const context = await setUpTests(signal);
    return await withPrivateTemp(context.cache, (temp) => check(context, temp));
  } catch (error) {
    // Without a set-up there is nothing to check, and that is a failure like any other.
    const isModelError = error instanceof Error && "code" in error && String(error.code).startsWith("MODEL_");
    if (!(error instanceof Problem) && !isModelError) throw error;
    console.error(error.message);
    return stepCounts(1);
  }
}

/**
 * @param {import("./lib/context.mjs").Context} context
 * @param {string} temp - for the reports
 */
async function check(context, temp) {
  const gtest = join(temp, "gtest");
  await mkdir(gtest);
  const env = {
    ...context.env,
    GTEST_OUTPUT: `json:${gtest}/`,
    // The programs write into a pipe of ours; what is at its other end decides about colours.
    ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
  };

  /** @type {(title: string, command: string, args: string[]) => Promise<number>} */
  const step = async (title, command, args) => {
    console.log(`\n── ${title}`);
    const options = { cwd: context.root, env, signal: context.signal, echo: process.stdout };
    return (await run(command, args, options)).exitCode;
  };
  /** @param {"unit" | "model"} project */
  const vitest = async (project) => {
    const report = join(temp, `${project}.json`);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const exitCode = await step(`${project} tests`, "pnpm", [
      "exec",
      "vitest",
      "run",
      "--project",
      project,
      ...reporters,
    ]);
    return vitestCounts(await readJson(report), exitCode);
  };

  const results = [
    stepCounts(await step("types", "pnpm", ["types"])),
    stepCounts(await step("lint", "pnpm", ["lint"])),
    stepCounts(await step("layers", "pnpm", ["layers"])),
    stepCounts(await step("dead code", "pnpm", ["knip"])),
    stepCounts(await step("packages", "pnpm", ["packages"])),
    gtestCounts(...(await cppTests(step, gtest))),
    await vitest("unit"),
    await vitest("model"),
  ];
  console.log();
  return sumCounts(results);
}

/**
 * @param {(title: string, command: string, args: string[]) => Promise<number>} step
 * @param {string} folder - where the test programs leave their reports
 * @returns {Promise<Parameters<typeof gtestCounts>>}
 */
async function cppTests(step, folder) {
  const exitCode = await step("C++ tests", "pnpm", ["--filter", "@lloyal-labs/lloyal.node", "native:test"]);
  const reports = await Promise.all((await readdir(folder)).map((file) => readJson(join(folder, file))));
  return [reports.filter((report) => report !== undefined), exitCode];
}

/** @param {string} path */
async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined; // a program that crashed leaves no report, or half of one; its exit code tells
  }
}
