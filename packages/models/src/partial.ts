import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileIdentity } from "./model-entry.ts";
import { makeFolder, onDisk } from "./on-disk.ts";

/**
 * What an HTTP mirror has brought so far, in a folder of its own:
 *
 *     model.gguf   the bytes from the first one on
 *     state.json   which version of which file they belong to
 *
 * While a process works on it, the folder lies in the process's private folder; between runs it lies on the shelf, the
 * folder of all downloads. It moves by rename, which only one process can win, so no two ever write to the same bytes.
 */
export interface PartialDownload {
  bytes: number;
  /** The server's name for this version of the file. Strong, so equal names mean equal bytes. */
  etag: string;
  identity: FileIdentity;
}

const bytesFile = "model.gguf";
const stateFile = "state.json";

export function partialBytesPath(folder: string): string {
  return join(folder, bytesFile);
}

/** What can be gone on with, or undefined. A state file that was cut by a crash counts as none. */
export async function readPartial(folder: string): Promise<PartialDownload | undefined> {
  try {
    const { etag, identity } = JSON.parse(await readFile(join(folder, stateFile), "utf8")) as PartialDownload;
    const bytes = (await stat(partialBytesPath(folder))).size;
    const fits = typeof etag === "string" && bytes > 0 && bytes <= identity.sizeBytes;
    return fits ? { bytes, etag, identity } : undefined;
  } catch {
    return undefined;
  }
}

/** Drops what was there. Without an ETag nothing can be gone on with later, so no state is written then. */
export async function beginPartial(folder: string, etag: string | undefined, identity: FileIdentity): Promise<void> {
  await onDisk(folder, async () => {
    await rm(join(folder, stateFile), { force: true });
    await rm(partialBytesPath(folder), { force: true });
    if (etag !== undefined) await writeFile(join(folder, stateFile), JSON.stringify({ etag, identity }));
  });
}

/** Makes the given folder, from what lies on the shelf under its name if another process does not take that first. */
export async function takeFromShelf(shelf: string, folder: string): Promise<void> {
  await rename(join(shelf, basename(folder)), folder).catch(() => {});
  await onDisk(folder, () => makeFolder(folder));
}

/** Moves every download that can be gone on with from a private folder to the shelf. Never throws: at worst it is lost. */
export async function keepPartials(privateFolder: string, shelf: string): Promise<void> {
  for (const name of await readdir(privateFolder).catch(() => [])) {
    const folder = join(privateFolder, name);
    if (await readPartial(folder)) await rename(folder, join(shelf, name)).catch(() => {});
  }
}

/** Removes what other mirrors had brought of a model that is now complete. */
export async function dropPartials(shelf: string, modelKey: string): Promise<void> {
  for (const name of await readdir(shelf).catch(() => [])) {
    if (name.startsWith(`${modelKey}-`)) await rm(join(shelf, name), { recursive: true, force: true }).catch(() => {});
  }
}
