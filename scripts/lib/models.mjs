import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withStep } from "./step.mjs";

/** What the tests with real weights run on: one for plumbing, one that answers. */
export const testModels = { LLOYAL_SMOL: "smollm2-135m", LLOYAL_QWEN: "qwen2.5-coder-0.5b" };

const verbs = { download: "downloading", join: "joining", verify: "verifying" };

/**
 * @param {import("./context.mjs").Context} context
 * @param {readonly string[]} names - none given means the one that would be chosen without `--model`
 * @returns {Promise<string[]>} their paths
 */
export async function ensureModels(context, names) {
  // Built by the step before, hence not a static import.
  /** @type {typeof import("../../packages/models/src/index.ts")} */
  const models = await import(pathToFileURL(join(context.root, "packages", "models", "dist", "index.js")).href);
  const wanted = names.length > 0 ? names : [(await models.chooseModel({ env: context.env })).name];
  const paths = [];
  for (const name of wanted) {
    const path = await withStep("model", async (say) => {
      say(`${name}  starting the download`);
      const found = await models.ensureModel(name, {
        env: context.env,
        signal: context.signal,
        onProgress: ({ phase, bytes, totalBytes }) =>
          say(`${name}  ${verbs[phase]} ${megabytes(bytes)}/${megabytes(totalBytes)} MB`),
      });
      say(`${name}  fetched and verified`);
      return found;
    });
    paths.push(path);
  }
  return paths;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}
