import { existsSync } from "node:fs";
import { join } from "node:path";
import { publishFolder, withPrivateTemp } from "./private-temp.mjs";
import { run } from "./run.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";
import { findTool } from "./tools.mjs";

const version = "10.34.9";

/**
 * Makes sure that there is a pnpm of the pinned version.
 *
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<string | undefined>} the folder to put first on the PATH; undefined where `pnpm` is right as it is
 */
export async function ensurePnpm(context) {
  if (await rightPnpmOnPath(context)) return undefined;
  const home = join(context.cache, `pnpm-${version}`);
  const bin = join(home, "node_modules", ".bin");
  if (existsSync(home)) return bin;
  return withStep("pnpm", async (say) => {
    say(`installing ${version}`);
    // A pnpm of another version may belong to other projects: leave it, and keep a copy of our own.
    const global = !findTool(["pnpm"], context.env) && (await installGlobally(context));
    if (!global) await installPrivately(context, home);
    say(`installed ${version}`);
    return global ? undefined : bin;
  });
}

/** @param {import("./context.mjs").Context} context */
async function rightPnpmOnPath({ cache, env, signal }) {
  // Asked outside of the repository, where no packageManager field makes it fetch and become another version.
  const cwd = existsSync(cache) ? cache : "/";
  const { exitCode, output } = await run("pnpm", ["--version"], { cwd, env, signal });
  return exitCode === 0 && output.trim() === version;
}

/** @param {import("./context.mjs").Context} context */
async function installGlobally(context) {
  const { root: cwd, env, signal } = context;
  // Fails where the global folder belongs to somebody else; that is no error.
  const { exitCode } = await run("npm", ["install", "--global", `pnpm@${version}`], { cwd, env, signal });
  return exitCode === 0 && (await rightPnpmOnPath(context));
}

/**
 * @param {import("./context.mjs").Context} context
 * @param {string} home
 */
async function installPrivately(context, home) {
  await withPrivateTemp(context.cache, async (temp) => {
    const args = ["install", "--prefix", temp, "--no-audit", "--no-fund", `pnpm@${version}`];
    await runStep(context, "pnpm", "npm", args, { cwd: temp });
    await publishFolder(temp, home);
  });
}
