import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** SHA-256 of a file as it lies on the disk, lower-case hex. Memory: one chunk. */
export async function sha256OfFile(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal: options.signal })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    options.onBytes?.(bytes);
  }
  return hash.digest("hex");
}
