import { open } from "node:fs/promises";
import { onDisk } from "../on-disk.ts";
import type { MirrorJob } from "./mirror-job.ts";

/**
 * Appends chunks to the job's target and has them on the disk before it returns. When the chunks fail, those that came
 * stay there.
 *
 * @param from - bytes that the file has already
 * @returns bytes that it has now
 * @throws Error as soon as there are more bytes than the model has: a mirror cannot fill the disk. ModelError
 * MODEL_CACHE_FAILED when the disk refuses them.
 */
export async function writeModel(
  chunks: AsyncIterable<Uint8Array>,
  phase: "download" | "join",
  { target, signal, onProgress }: MirrorJob,
  { sizeBytes, from = 0 }: { sizeBytes: number; from?: number },
): Promise<number> {
  const file = await onDisk(target, () => open(target, "a"));
  try {
    let bytes = from;
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      if (bytes + chunk.length > sizeBytes) throw new Error(`it has more than the expected ${sizeBytes} bytes`);
      await onDisk(target, () => file.writeFile(chunk));
      bytes += chunk.length;
      onProgress({ phase, bytes, totalBytes: sizeBytes });
    }
    await onDisk(target, () => file.sync());
    return bytes;
  } finally {
    await onDisk(target, () => file.close());
  }
}
