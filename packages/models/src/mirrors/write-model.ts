import { open } from "node:fs/promises";
import type { MirrorJob } from "./mirror-job.ts";

/**
 * Writes chunks to the job's target and has them on the disk before it returns.
 *
 * @throws Error as soon as there are more bytes than the model has: a mirror cannot fill the disk.
 */
export async function writeModel(
  chunks: AsyncIterable<Uint8Array>,
  phase: "download" | "join",
  job: MirrorJob,
): Promise<void> {
  const file = await open(job.target, "wx");
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      job.signal?.throwIfAborted();
      bytes += chunk.length;
      if (bytes > job.sizeBytes) throw new Error(`more than the expected ${job.sizeBytes} bytes`);
      await file.writeFile(chunk); // goes on where the last write ended
      job.onProgress({ phase, bytes, totalBytes: job.sizeBytes });
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
