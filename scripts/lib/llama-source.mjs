import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { publishFolder, withPrivateTemp } from "./private-temp.mjs";
import { Problem } from "./problem.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";

/** llama.cpp v0.5.0 */
export const llamaCommit = "de3ff815ea7d559ee917f063901b8986f038abc6";

// This npm package carries llama.cpp as a git bundle: one file with the whole tree, from wherever npm gets its packages.
const carrier = "node-llama-cpp@3.22.1";
const carrierIntegrity =
  "sha512-bltIipuWmc123H7tMIgDGKSsSrhmhlQYeVUC48XTjVW7XGJJiJJyCdlTMzQ/LiWoPkGDpcL4FviDpgw7qfTiDw==";
const bundle = "package/llama/gitRelease.bundle";

/** @param {string} cache */
export function llamaFolder(cache) {
  return join(cache, "llama.cpp", llamaCommit);
}

/**
 * The documentation of llama.cpp, which is the default corpus.
 *
 * @param {string} cache
 */
export function llamaDocs(cache) {
  return join(llamaFolder(cache), "src", "docs");
}

/**
 * Fetches the pinned tree of llama.cpp into the cache, unless it is there.
 *
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<string>} its folder
 */
export async function ensureLlamaSource(context) {
  const final = join(llamaFolder(context.cache), "src");
  if (existsSync(final)) return final;
  await withStep("llama.cpp", (say) =>
    withPrivateTemp(context.cache, async (temp) => {
      /** @type {(command: string, args: string[]) => Promise<string>} */
      const inTemp = (command, args) => runStep(context, "llama.cpp-source", command, args, { cwd: temp });

      say("downloading its source, 36 MB");
      await inTemp("npm", ["pack", carrier, "--ignore-scripts", "--silent"]);
      const tarball = join(temp, "node-llama-cpp-3.22.1.tgz");
      await checkIntegrity(tarball, context.signal);

      say("unpacking its source");
      await inTemp("tar", ["-xzf", tarball, bundle]);
      await inTemp("git", ["-c", "advice.detachedHead=false", "clone", "--quiet", bundle, "src"]);
      checkCommit((await inTemp("git", ["-C", "src", "rev-parse", "HEAD"])).trim());
      await publishFolder(join(temp, "src"), final);
      say("source fetched and verified");
    }),
  );
  return final;
}

/**
 * @param {string} tarball
 * @param {AbortSignal} signal
 */
async function checkIntegrity(tarball, signal) {
  const hash = createHash("sha512");
  for await (const chunk of createReadStream(tarball, { signal })) hash.update(chunk);
  const found = `sha512-${hash.digest("base64")}`;
  if (found !== carrierIntegrity) {
    throw new Problem(`The package ${carrier} is not the expected one: ${found} instead of ${carrierIntegrity}.`);
  }
}

/** @param {string} found */
function checkCommit(found) {
  if (found !== llamaCommit) throw new Problem(`${carrier} brought llama.cpp ${found} instead of ${llamaCommit}.`);
}
