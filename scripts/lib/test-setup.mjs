import { setup } from "../setup.mjs";
import { testModels } from "./models.mjs";

/**
 * The set-up of `npm test` and `pnpm verify`. The environment of the returned context tells tests where the models,
 * the documents and the built llama.cpp lie.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<import("./context.mjs").Context>}
 */
export async function setUpTests(signal) {
  const { context, llamaPrefix, docs, modelPaths } = await setup({ signal, forTests: true });
  const models = Object.fromEntries(Object.keys(testModels).map((name, index) => [name, modelPaths[index]]));
  const env = { ...context.env, ...models, LLOYAL_DOCS: docs, LLAMA_PREFIX: llamaPrefix };
  return { ...context, env };
}
