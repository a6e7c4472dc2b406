import { parseArgs } from "node:util";
import { Problem } from "./problem.mjs";
import { programmes } from "./programmes.mjs";

export const usage = [
  "usage: pnpm verify [name ...] [--runs N]     all programmes where none is named",
  "       pnpm verify:<name> [--runs N]",
  "",
  ...Object.entries(programmes).map(([name, { about, lasts }]) => `  ${name.padEnd(13)}${about}; about ${lasts}`),
  "",
  "  --runs N    seeds or mutants of each test, in place of the programme's own number",
].join("\n");

/**
 * @param {readonly string[]} argv
 * @returns {{ names: string[], runs?: number } | undefined} undefined where only the usage is wanted
 * @throws Problem that says what is wrong, with the usage
 */
export function parseVerifyArguments(argv) {
  const { values, positionals } = readArguments(argv);
  if (values.help) return undefined;
  const unknown = positionals.find((name) => !Object.hasOwn(programmes, name));
  if (unknown !== undefined) throw new Problem(`There is no programme "${unknown}".\n\n${usage}`);
  const names = positionals.length > 0 ? positionals : Object.keys(programmes);
  if (values.runs === undefined) return { names };
  if (!/^[1-9]\d*$/.test(values.runs)) throw new Problem(`--runs takes a number from 1.\n\n${usage}`);
  return { names, runs: Number(values.runs) };
}

/** @param {readonly string[]} argv */
function readArguments(argv) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { runs: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new Problem(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}
