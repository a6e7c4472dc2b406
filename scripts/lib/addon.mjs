import { join } from "node:path";
import { parseBuildProgress } from "./build-progress.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";

/**
 * Builds the native addon. Turbo decides whether there is anything to do: it hashes the C++ sources and `LLAMA_PREFIX`
 * (see `turbo.json`), and brings the addon back when it was built from the same inputs before.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} llamaPrefix
 */
export async function buildAddon(context, llamaPrefix) {
  const turbo = join(context.root, "node_modules", "turbo", "bin", "turbo");
  const what = ["run", "native:build", "--filter=@lloyal-labs/lloyal.node"];
  const args = [turbo, ...what, "--ui=stream", "--output-logs=new-only"];
  await withStep("addon", async (say) => {
    say("building");
    await runStep(context, "addon", process.execPath, args, {
      env: { ...context.env, LLAMA_PREFIX: llamaPrefix },
      onLine: (line) => {
        const progress = parseBuildProgress(line);
        if (progress) say(`compiling ${progress}`);
      },
    });
    say("built");
  });
}
