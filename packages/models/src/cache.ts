import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { ModelEntry } from "./catalogue.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder where everything lies that can be fetched or built again: `$XDG_CACHE_HOME/lloyal`, else `~/.cache/lloyal`. */
export function cacheRoot(env: Environment = process.env): string {
  const base = env.XDG_CACHE_HOME;
  // The XDG specification has relative paths ignored: they would mean another folder in every working directory.
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "lloyal");
}

/** Where a model's file lies once it is verified. The digest is in the name, so a new release never hides behind an old file. */
export function cachedModelPath(entry: ModelEntry, env: Environment = process.env): string {
  return join(cacheRoot(env), "models", `${entry.sha256.slice(0, 12)}-${entry.name}.gguf`);
}
