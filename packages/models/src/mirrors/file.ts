import { createReadStream } from "node:fs";
import type { FileIdentity, FileMirror } from "../model-entry.ts";
import type { MirrorJob } from "./mirror-job.ts";
import { writeModel } from "./write-model.ts";

/** Copies instead of linking: the original may change later, under a model that was already verified. */
export async function fetchFromFile(mirror: FileMirror, { sizeBytes }: FileIdentity, job: MirrorJob): Promise<void> {
  await writeModel(chunksOf(mirror.path, job.signal), "download", job, { sizeBytes });
}

// A generator opens the stream when it is first read: a stream that fails while nobody listens yet ends the process.
async function* chunksOf(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 1 << 20, signal });
}
