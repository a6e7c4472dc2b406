import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Environment } from "./cache.ts";
import { cachedModelPath, cacheRoot } from "./cache.ts";
import type { ModelEntry } from "./catalogue.ts";
import { catalogue as builtIn } from "./catalogue.ts";
import { downloadEntry } from "./download.ts";
import { ModelError } from "./errors.ts";
import { checkGgufHeader } from "./gguf.ts";
import { withPrivateTemp } from "./private-temp.ts";
import type { OnModelProgress } from "./progress.ts";

export interface EnsureModelOptions {
  /** Called many times a second while bytes move; never when the file is already there. */
  onProgress?: OnModelProgress;
  /** Ends the download. Its temporary files and child processes are gone before the promise rejects. */
  signal?: AbortSignal;
  catalogue?: readonly ModelEntry[];
  /** Says where the cache is and how pip is found. Default: `process.env`. */
  env?: Environment;
}

/**
 * Gives the path of a model's file, fetching it first when it has a name and is not cached.
 *
 * ```ts
 * const path = await ensureModel("smollm2-135m", { onProgress: ({ phase, bytes }) => console.error(phase, bytes) });
 * ```
 *
 * @param nameOrPath - a name from the catalogue, or the path of any `.gguf` file
 * @throws ModelError MODEL_NOT_FOUND, MODEL_INVALID, MODEL_DOWNLOAD_FAILED or CANCELLED. The cache is as before:
 * bytes with a wrong digest never get the model's name.
 * @remarks Processes may ask for the same model at once: each downloads for itself, and the last rename wins.
 */
export async function ensureModel(nameOrPath: string, options: EnsureModelOptions = {}): Promise<string> {
  const { catalogue = builtIn, env = process.env, onProgress = () => {}, signal } = options;
  const entry = catalogue.find(({ name }) => name === nameOrPath);
  if (!entry) return existingFile(nameOrPath, catalogue);

  const path = cachedModelPath(entry, env);
  if (await isCached(entry, env)) return path;
  try {
    await withPrivateTemp(cacheRoot(env), async (folder) => {
      const verified = await downloadEntry(entry, folder, { env, onProgress, signal });
      await mkdir(dirname(path), { recursive: true });
      await rename(verified, path);
    });
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    throw new ModelError("CANCELLED", `the download of ${entry.name} was stopped.`, {
      facts: { model: entry.name },
      cause,
    });
  }
  return path;
}

/** Only a verified file ever gets this name, so its size is all that is asked again. */
export async function isCached(entry: ModelEntry, env: Environment = process.env): Promise<boolean> {
  const found = await stat(cachedModelPath(entry, env)).catch(() => undefined);
  return found?.size === entry.sizeBytes;
}

async function existingFile(nameOrPath: string, catalogue: readonly ModelEntry[]): Promise<string> {
  const isPath = /[\\/]|\.gguf$/i.test(nameOrPath);
  if (!isPath) {
    const names = catalogue.map(({ name }) => name).join(", ");
    throw new ModelError("MODEL_NOT_FOUND", `there is no model named ${JSON.stringify(nameOrPath)}.`, {
      facts: { model: nameOrPath, names },
      remedy: `Use one of ${names}, or the path of a .gguf file.`,
    });
  }
  const path = resolve(nameOrPath);
  await checkGgufHeader(path);
  return path;
}
