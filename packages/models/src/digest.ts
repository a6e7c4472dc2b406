import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** SHA-256 of a file as it lies on the disk, lower-case hex. Memory: one chunk. */
export async function sha256OfFile(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(1 << 20);
  const file = await open(path);
  try {
    for (let bytes = 0; ; ) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
      options.onBytes?.(bytes);
    }
  } finally {
    await file.close();
  }
}
