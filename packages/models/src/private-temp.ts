import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Gives the body a folder that nobody else uses, inside the cache so that a rename out of it is atomic,
 * and removes it when the body is done, however it ended. Folders of processes that were killed are swept first.
 */
export async function withPrivateTemp<T>(cacheRoot: string, body: (folder: string) => Promise<T>): Promise<T> {
  const all = join(cacheRoot, "tmp");
  await sweepAbandoned(all);
  const folder = join(all, `${process.pid}-${randomBytes(6).toString("hex")}@${hostname()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function sweepAbandoned(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const [, pid, host] = /^(\d+)-[0-9a-f]+@(.+)$/.exec(name) ?? [];
    // A process number means something on its own machine only; a cache may be on a shared disk.
    if (host !== hostname() || isAlive(Number(pid))) continue;
    await rm(join(all, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
