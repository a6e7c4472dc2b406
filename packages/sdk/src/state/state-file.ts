import { randomUUID } from "node:crypto";
import * as nodeFiles from "node:fs/promises";
import { StateFileError } from "../errors.ts";

/** The few calls that this takes; tests let them fail. */
export type StateFiles = Pick<typeof nodeFiles, "open" | "rename" | "rm">;

/**
 * Writes a file whole or not at all: beside its place, onto the disk, and then into it. Only its owner can read it.
 * Throws StateFileError; what was there before is there still, and nothing else.
 */
export async function writeState(
  path: string,
  chunks: readonly Uint8Array[],
  files: StateFiles = nodeFiles,
): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    const file = await files.open(draft, "wx", 0o600);
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(draft, path);
  } catch (cause) {
    await files.rm(draft, { force: true }).catch(() => {});
    throw new StateFileError({ path, doing: "write" }, cause);
  }
}

/** Throws StateFileError. */
export async function readState(path: string, files: StateFiles = nodeFiles): Promise<Uint8Array> {
  try {
    const file = await files.open(path, "r");
    try {
      return await allOf(file);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new StateFileError({ path, doing: "read" }, cause);
  }
}

/** What is read at once: `readFile` gives up above two gigabytes. */
const pieceBytes = 2 ** 24;

async function allOf(file: nodeFiles.FileHandle): Promise<Uint8Array> {
  const bytes = new Uint8Array((await file.stat()).size);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(pieceBytes, bytes.length - at), at);
    // Somebody has cut it meanwhile; the digest will tell.
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
