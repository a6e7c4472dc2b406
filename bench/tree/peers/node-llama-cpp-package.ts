import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../scripts/lib/context.mjs";
import { publishFolder, withPrivateTemp } from "../../../scripts/lib/private-temp.mjs";
import { runStep } from "../../../scripts/lib/run-step.mjs";
import { withStep } from "../../../scripts/lib/step.mjs";

const version = "3.22.1";

/**
 * node-llama-cpp as npm brings it, with its prebuilt binary for this platform and no other. That binary is made from the
 * release of llama.cpp that we pin, and chooses its kernels by the CPU at hand.
 *
 * @returns the folder of the package
 */
export async function ensureNodeLlamaCpp(context: Context): Promise<string> {
  const final = join(context.cache, "peers", `node-llama-cpp-${version}`);
  if (!existsSync(final)) {
    await withStep("peers", (say) =>
      withPrivateTemp(context.cache, async (temp) => {
        say(`installing node-llama-cpp@${version}`);
        const binary = `@node-llama-cpp/${process.platform}-${process.arch}`;
        const dependencies = { "node-llama-cpp": version, [binary]: version };
        await writeFile(join(temp, "package.json"), JSON.stringify({ private: true, dependencies }));
        const args = ["install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"];
        await runStep(context, "node-llama-cpp", "npm", args, { cwd: temp });
        await publishFolder(temp, final);
        say("installed");
      }),
    );
  }
  return join(final, "node_modules", "node-llama-cpp");
}
