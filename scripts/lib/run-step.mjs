import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Problem } from "./problem.mjs";
import { run } from "./run.mjs";

const lastLines = 15;

/**
 * Runs a program that has to succeed. Nobody wants its output unless it fails: then all of it goes to a file and
 * the end of it to the reader.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} step - the name under which the output is kept
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {Promise<string>} what it wrote
 */
export async function runStep(context, step, command, args, options = {}) {
  const { signal, root, env } = context;
  const { exitCode, output } = await run(command, args, { cwd: root, env, signal, ...options });
  if (exitCode === 0) return output;

  const log = join(context.cache, "logs", `${step}.log`);
  mkdirSync(join(context.cache, "logs"), { recursive: true });
  writeFileSync(log, output);
  const end = output.trimEnd().split("\n").slice(-lastLines);
  const what = `${step}: ${basename(command)} ${basename(args[0] ?? "")} ended with exit code ${exitCode}.`;
  throw new Problem([`${what} All of its output: ${log}`, ...end.map((line) => `  ${line}`)].join("\n"));
}
