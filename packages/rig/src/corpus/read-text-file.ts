import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** Text as it stands in the file, or the reason why there is none. */
export type ReadOutcome = { readonly text: string; readonly sizeBytes: number } | { readonly reason: string };

/**
 * Reads one file below `root`, which is a real path, as UTF-8.
 *
 * The checks are made on the open handle: between the walk and this call a file can become a link, a pipe or larger.
 */
export function readTextFile(root: string, path: string, sizeBytesMax: number): ReadOutcome {
  const full = join(root, path);
  let handle: number | undefined;
  try {
    // O_NONBLOCK keeps a pipe from blocking the open; Windows knows neither flag.
    handle = openSync(full, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(handle);
    if (!stat.isFile()) return { reason: "not a regular file" };
    if (realpathSync(full) !== full) return { reason: "a symbolic link" };
    if (stat.size > sizeBytesMax) return { reason: `${stat.size} bytes, more than the ${sizeBytesMax} allowed` };
    return decode(readUpTo(handle, stat.size));
  } catch (cause) {
    return { reason: `cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})` };
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

// `readFileSync` reads to the end, and a file that grows while it is read has none.
function readUpTo(handle: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const count = readSync(handle, bytes, filled, sizeBytes - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function decode(bytes: Uint8Array): ReadOutcome {
  if (bytes.includes(0)) return { reason: "not text (it holds NUL bytes)" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.trim() === "" ? { reason: "empty" } : { text, sizeBytes: bytes.length };
  } catch {
    return { reason: "not text in UTF-8" };
  }
}
