import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

export interface Args {
  query: string;
  corpus: string;
  model: string | undefined;
  agents: number;
  maxTurns: number;
  nCtx: number;
  seed: number;
  output: string;
  json: boolean;
  verbose: boolean;
  trace: string | undefined;
}

/** Exit codes of the command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, noModel: 3, interrupted: 130 } as const;

/** Either what to do, or how the process ends because nothing is to be done. */
export type Parsed = { args: Args } | { exitCode: number };

/** Reads the command line. Help and version go to stdout, complaints to stderr. */
export function parseArgs(argv: readonly string[]): Parsed {
  const command = new Command("reasoning.run")
    .description("Research a folder with a team of local agents; get an answer with checked citations.")
    .addOption(new Option("--corpus <dir>", "folder of text files to research").makeOptionMandatory())
    .addOption(new Option("--query <text>", "the question").makeOptionMandatory())
    .option(
      "--model <name|path>",
      "catalogue name or .gguf file (default: the best one that is here, else a small one)",
    )
    .option("--agents <n>", "agents that research at once", integer(1, 16), 3)
    .option("--max-turns <n>", "turns of one agent", integer(2, 32), 3)
    .option("--n-ctx <n>", "KV cells of the shared cache", integer(256, 1_048_576), 4096)
    .option("--seed <n>", "not 0: agents vary their searches, the same way each time", integer(0, 2 ** 32 - 1), 0)
    .option("--output <file>", "where the report goes", "report.md")
    .option("--json", "print one JSON document instead of the report", false)
    .option("--trace <file>", "write every batch and event as JSON lines")
    .option("--verbose", "show the plan, what agents read, and stacks of errors", false)
    .version(version())
    .addHelpText(
      "after",
      `
Exit codes: 0 done, 1 failed, 2 usage, 3 no model, 130 interrupted.

Example:
  reasoning.run --corpus ./docs --query "How is the cache evicted?"`,
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, "reasoning.run: ")) });
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage };
    throw error;
  }
  return { args: command.opts<Args>() };
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return manifest.version;
}
