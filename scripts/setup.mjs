// Everything between a fresh clone and a program that runs: `node scripts/setup.mjs`. Also the first half of
// `npm start` and `npm test`. Each step looks first whether its result is there, so a second run does nothing.

import { fileURLToPath } from "node:url";
import { buildAddon } from "./lib/addon.mjs";
import { createContext } from "./lib/context.mjs";
import { ensureLlamaBuild } from "./lib/llama-build.mjs";
import { ensureLlamaSource, llamaDocs } from "./lib/llama-source.mjs";
import { runMain } from "./lib/main.mjs";
import { ensureModels, testModels } from "./lib/models.mjs";
import { installPackages } from "./lib/packages.mjs";
import { checkTools, lacksModel } from "./lib/tools.mjs";
import { buildTypeScript } from "./lib/typescript.mjs";

/**
 * @param {object} options
 * @param {AbortSignal} options.signal - ends the step that is running, with its children and its temporary files
 * @param {boolean} [options.forTests] - bring the models of the tests; leave type errors to the tests
 * @param {boolean} [options.withModel] - false where the user has a model of their own
 * @throws Problem with one line for the reader; a ModelError where a model could not be brought
 */
export async function setup({ signal, forTests = false, withModel = true }) {
  const initial = createContext(signal);
  const names = forTests ? Object.values(testModels) : [];
  await checkTools(initial, { needsPip: withModel && lacksModel(initial.cache, names) });
  const context = await installPackages(initial);
  const source = await ensureLlamaSource(context);
  const llamaPrefix = await ensureLlamaBuild(context, source);
  await buildAddon(context, llamaPrefix);
  await buildTypeScript(context, { tolerant: forTests });
  const modelPaths = withModel ? await ensureModels(context, names) : [];
  return { context, llamaPrefix, docs: llamaDocs(context.cache), modelPaths };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(async (signal) => {
    await setup({ signal });
    return 0;
  });
}
