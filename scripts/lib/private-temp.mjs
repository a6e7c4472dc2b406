import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

/**
 * Gives the body a folder of its own inside the cache, and removes it however the body ends. Folders of processes
 * that were killed are swept first.
 *
 * @template T
 * @param {string} cache
 * @param {(folder: string) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withPrivateTemp(cache, body) {
  const all = join(cache, "tmp");
  await sweepAbandoned(all);
  const folder = join(all, `${process.pid}-${randomBytes(6).toString("hex")}@${hostname()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Moves a finished folder to its final name in one step, so that the name never stands for half a folder.
 * Where another process was faster, its result is kept: both were made from the same inputs.
 *
 * @param {string} finished
 * @param {string} final
 */
export async function publishFolder(finished, final) {
  await mkdir(dirname(final), { recursive: true });
  try {
    await rename(finished, final);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) throw error;
  }
}

/** @param {string} all */
async function sweepAbandoned(all) {
  for (const name of await readdir(all).catch(() => [])) {
    const [, pid, host] = /^(\d+)-[0-9a-f]+@(.+)$/.exec(name) ?? [];
    // A process number means something on its own machine only; a cache may be on a shared disk.
    if (host !== hostname() || isAlive(Number(pid))) continue;
    await rm(join(all, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
