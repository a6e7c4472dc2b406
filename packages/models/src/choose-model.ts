import { totalmem } from "node:os";
import type { Environment } from "./cache.ts";
import { cachedBytes } from "./cache.ts";
import { catalogue as builtIn, embeddedDefault } from "./catalogue.ts";
import type { ModelEntry } from "./model-entry.ts";

export interface ChooseModelOptions {
  catalogue?: readonly ModelEntry[];
  env?: Environment;
  /** What the process may use. Default: the smaller of the machine's memory and the container's limit. */
  memoryBytes?: number;
}

// Beside the mapped weights: KV cache, compute buffers, Node itself.
const workingBytes = 768 * 2 ** 20;

/** Picks a model where nobody named one: the best that is already cached and fits the memory, else the embedded default. */
export async function chooseModel(options: ChooseModelOptions = {}): Promise<ModelEntry> {
  const { catalogue = builtIn, env = process.env, memoryBytes = availableMemory() } = options;
  for (const entry of catalogue) {
    if (entry.goodFor !== "research") continue;
    const weightBytes = await cachedBytes(entry, env);
    if (weightBytes !== undefined && weightBytes + workingBytes <= memoryBytes) return entry;
  }
  return catalogue.find(({ name }) => name === embeddedDefault)!;
}

function availableMemory(): number {
  // 0 where there is no limit.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
