import { mkdir } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { downloadsName } from "./cache.ts";
import { ModelError } from "./errors.ts";

const troubles: Readonly<Record<string, { what: string; remedy: string }>> = {
  ENOSPC: { what: "the disk is full", remedy: "Free some space, or let XDG_CACHE_HOME name a folder on another disk." },
  EDQUOT: { what: "the quota is used up", remedy: "Free some space, or let XDG_CACHE_HOME name another folder." },
  EROFS: { what: "the disk is read-only", remedy: "Let XDG_CACHE_HOME name a folder that can be written." },
  EACCES: { what: "permission is denied", remedy: "Let XDG_CACHE_HOME name a folder that can be written." },
  EPERM: { what: "permission is denied", remedy: "Let XDG_CACHE_HOME name a folder that can be written." },
  EIO: { what: "the disk reports an error", remedy: "Check the disk, or let XDG_CACHE_HOME name a folder on another." },
  EMFILE: { what: "too many files are open", remedy: "Close some, or raise the limit (ulimit -n)." },
  ENFILE: { what: "too many files are open", remedy: "Close some programs, or raise the system's limit." },
};

/**
 * Runs one step on the cache's own disk. Its failures are no mirror's fault, so no other mirror is tried after them.
 *
 * @throws ModelError MODEL_CACHE_FAILED in place of what the operating system says
 */
export async function onDisk<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    const { code, syscall, message } = cause as NodeJS.ErrnoException;
    if (syscall === undefined || code === undefined) throw cause; // not from the operating system
    const { what, remedy } = troubles[code] ?? { what: message, remedy: "Check the folder, then try again." };
    const place = path.split(sep + downloadsName)[0]!; // names below that say nothing to a reader
    throw new ModelError("MODEL_CACHE_FAILED", `${place} cannot be used: ${what} (${code}).`, {
      facts: { path: place, errno: code, syscall },
      remedy,
      cause,
    });
  }
}

export function isDiskFailure(error: unknown): error is ModelError {
  return error instanceof ModelError && error.code === "MODEL_CACHE_FAILED";
}

/** Makes a folder and those above it. Node's own way to do that reports a read-only or broken disk as ENOENT. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
