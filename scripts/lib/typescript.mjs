import { join } from "node:path";
import { run } from "./run.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";

/**
 * Compiles the packages. `tsc -b` knows itself what is up to date, so there is no record of ours.
 *
 * @param {import("./context.mjs").Context} context
 * @param {{ tolerant: boolean }} options - tolerant: type errors are somebody else's to report; JavaScript is written all the same
 */
export async function buildTypeScript(context, { tolerant }) {
  const args = [join(context.root, "node_modules", "typescript", "bin", "tsc"), "-b"];
  await withStep("typescript", async (say) => {
    say("compiling");
    if (tolerant) await run(process.execPath, args, { cwd: context.root, env: context.env, signal: context.signal });
    else await runStep(context, "typescript", process.execPath, args);
    say("compiled");
  });
}
