import { existsSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "./clock.ts";
import { bytesUnder } from "./mirrors/watch-growth.ts";
import { ownerState } from "./owner.ts";

export interface LockOptions {
  /** The private folder of whoever asks. Its name is what the lock holds. */
  folder: string;
  clock: Clock;
  signal?: AbortSignal;
  /** Takes the bytes that another process, which is waited for, has brought so far. */
  onWait: (bytes: number) => void;
}

const pollMs = 250;
const patienceMs = 120_000;

/**
 * Runs the body while no other process of this machine runs one under the same lock, as far as a file can promise that.
 *
 * The lock saves a second download and nothing else: what is right about the cache rests on private folders, digests
 * and renames. So nothing here fails: where no lock can be had, where its holder is on another machine, or where its
 * holder lives but brings nothing for two minutes, the body runs without.
 */
export async function withLock<T>(path: string, options: LockOptions, body: () => Promise<T>): Promise<T> {
  const holder = basename(options.folder);
  const claim = join(options.folder, "claim");
  await writeFile(claim, holder).catch(() => {});
  for (;;) {
    const other = await tryLock(path, claim, options.folder);
    if (other === undefined || !(await brings(other, path, options))) break;
  }
  try {
    return await body();
  } finally {
    if (((await contentOf(path)) ?? holder) === holder) await rm(path, { force: true }).catch(() => {});
  }
}

/** Takes the lock, unless a living process of this machine holds it: then gives its name. */
async function tryLock(path: string, claim: string, folder: string): Promise<string | undefined> {
  try {
    await link(claim, path); // with its content at once, unlike a file that is created first
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
  }
  const other = (await contentOf(path)) ?? "";
  if (await isAtWork(other, folder)) return other;
  await rename(claim, path).catch(() => {});
  return undefined;
}

/** Waits while the lock is held by another and its download grows. False when patience is at its end. */
async function brings(other: string, path: string, { folder, clock, signal, onWait }: LockOptions): Promise<boolean> {
  let before = -1;
  for (let idleMs = 0; idleMs < patienceMs; idleMs += pollMs) {
    await clock.sleep(pollMs, signal);
    if ((await contentOf(path)) !== other || !(await isAtWork(other, folder))) return true;
    const bytes = await bytesUnder(join(folder, "..", other));
    if (bytes !== before) idleMs = 0;
    before = bytes;
    onWait(bytes);
  }
  return false;
}

/** A process that lives may have ended this work of its own without removing the lock; then the folder is gone. */
async function isAtWork(other: string, folder: string): Promise<boolean> {
  return (await ownerState(other)) === "alive" && existsSync(join(folder, "..", other));
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
