import { exit, main } from "effection";
import { type Args, exitCodes, parseArgs } from "./args.ts";
import { researchFolder } from "./research-folder.ts";

// `… | head` closes our stdout: that is no failure of ours, and nothing is left to say.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  throw error;
});

// The first one halts `main` in order; whoever asks twice does not want to wait for that.
process.once("SIGINT", () => {
  process.stderr.write("\nreasoning.run: interrupted.\n");
  process.once("SIGINT", () => process.exit(exitCodes.interrupted));
});

await main(function* () {
  const parsed = parseArgs(process.argv.slice(2));
  if ("exitCode" in parsed) return yield* exit(parsed.exitCode);
  try {
    yield* researchFolder(parsed.args);
  } catch (error) {
    process.stderr.write(`\nreasoning.run: ${describe(error, parsed.args)}\n`);
    return yield* exit(exitCodeOf(error));
  }
});

/** One line for a person; the stack only where it was asked for. */
function describe(error: unknown, args: Args): string {
  if (!(error instanceof Error)) return String(error);
  if (args.verbose) return error.stack ?? error.message;
  return error.message.replace(/^[A-Z_]+: /, "").replace(/\s+/g, " ");
}

function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "INVALID_ARGUMENT") return exitCodes.usage;
  if (typeof code === "string" && code.startsWith("MODEL_")) return exitCodes.noModel;
  return exitCodes.failed;
}
