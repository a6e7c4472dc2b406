import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const pollMs = 250;

/**
 * Runs the body and tells a few times a second how many bytes lie under a folder meanwhile: a package client shows its
 * progress to terminals only, but the files that it writes grow.
 */
export async function watchGrowth<T>(
  folder: string,
  onBytes: (bytes: number) => void,
  body: () => Promise<T>,
): Promise<T> {
  let reported = 0;
  const poll = setInterval(async () => {
    const bytes = await bytesUnder(folder);
    if (bytes <= reported) return;
    reported = bytes;
    onBytes(bytes);
  }, pollMs);
  try {
    return await body();
  } finally {
    clearInterval(poll);
    reported = Number.POSITIVE_INFINITY; // a count still under way says nothing any more
  }
}

export async function bytesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
