import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { ModelEntry } from "./model-entry.ts";
import { modelKey } from "./model-key.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder where everything lies that can be fetched or built again: `$XDG_CACHE_HOME/lloyal`, else `~/.cache/lloyal`. */
export function cacheRoot(env: Environment = process.env): string {
  const base = env.XDG_CACHE_HOME;
  // The XDG specification has relative paths ignored: they would mean another folder in every working directory.
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "lloyal");
}

/** Where a model's file lies once it is verified. The digest is in the name, so a new release never hides behind an old file. */
export function cachedModelPath(entry: ModelEntry, env: Environment = process.env): string {
  return join(cacheRoot(env), "models", `${modelKey(entry)}-${entry.name}.gguf`);
}

export const downloadsName = ".downloads";

/** Where downloads under way lie: inside the folder of the models, so that the last rename never crosses disks. */
export function downloadsFolder(env: Environment): string {
  return join(cacheRoot(env), "models", downloadsName);
}

/**
 * The size of a model's file, or undefined when it must be fetched.
 * Only a verified file ever gets this name, so its size is all that is asked again.
 */
export async function cachedBytes(entry: ModelEntry, env: Environment): Promise<number | undefined> {
  const found = await stat(cachedModelPath(entry, env)).catch(() => undefined);
  const isWhole = found !== undefined && found.size === (entry.pinned?.sizeBytes ?? found.size);
  return isWhole ? found.size : undefined;
}
