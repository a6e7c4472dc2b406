import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { isDiskFailure, makeFolder, onDisk } from "./on-disk.ts";
import { newOwnerName, ownerState } from "./owner.ts";
import { keepPartials } from "./partial.ts";

const forgottenAfterMs = 7 * 24 * 3600 * 1000;

/**
 * Gives the body a folder on the shelf that nobody else uses, named after this process, and removes it when the body is
 * done. When the body fails, downloads that can be gone on with go to the shelf first, unless it is the disk that fails.
 * What killed processes left is treated in the same way before.
 */
export async function withPrivateFolder<T>(
  shelf: string,
  clock: Clock,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  await sweep(shelf, clock);
  const folder = join(shelf, await newOwnerName());
  await onDisk(folder, () => makeFolder(folder));
  try {
    return await body(folder);
  } catch (error) {
    if (!isDiskFailure(error)) await keepPartials(folder, shelf);
    throw error;
  } finally {
    await remove(folder);
  }
}

async function sweep(shelf: string, clock: Clock): Promise<void> {
  for (const name of await readdir(shelf).catch(() => [])) {
    const path = join(shelf, name);
    const state = await ownerState(name);
    if (state === "dead") {
      await keepPartials(path, shelf);
      await remove(path);
    } else if (state !== "alive" && (await isForgotten(path, clock))) {
      await remove(path);
    }
  }
}

/** Of other machines nobody can say whether their processes live; after a week without a change they count as dead. */
async function isForgotten(path: string, clock: Clock): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && clock.now() - found.mtimeMs > forgottenAfterMs;
}

/** What cannot be removed now is removed by the next process. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
}
