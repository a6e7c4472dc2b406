import { readdirSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "@lloyal-labs/sdk";
import { type Corpus, type ResourceFile, resourceFile, type SkippedFile } from "./corpus.ts";
import { readTextFile } from "./read-text-file.ts";
import { walkFolder } from "./walk-folder.ts";

/** What a corpus may cost. A file beyond a limit is skipped and listed. */
export interface ResourceLimits {
  readonly fileBytesMax: number;
  readonly totalBytesMax: number;
  readonly filesMax: number;
  readonly depthMax: number;
}

const defaultResourceLimits: ResourceLimits = {
  fileBytesMax: 4 * 1024 * 1024,
  totalBytesMax: 128 * 1024 * 1024,
  filesMax: 20_000,
  depthMax: 64,
};

/** A folder that has not been read yet. Plain data, so that it can travel to the worker that reads it. */
export interface Resources {
  readonly root: string;
  readonly limits: ResourceLimits;
}

/**
 * Names a folder as a corpus; {@link readResources} reads it.
 *
 * @throws InvalidArgumentError when `dir` is no readable folder: found here, before a model is loaded for nothing.
 */
export function loadResources(dir: string, limits: Partial<ResourceLimits> = {}): Resources {
  const root = resolve(dir);
  try {
    // Listing is the only test that also finds a folder without permission to read.
    if (statSync(root).isDirectory()) readdirSync(root);
    else
      throw new InvalidArgumentError(`the corpus ${root} is not a folder.`, { root }, "Name a folder of text files.");
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    const what = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    throw new InvalidArgumentError(`the corpus ${root} ${what}.`, { root, code }, "Name a folder of text files.");
  }
  return { root: realpathSync(root), limits: { ...defaultResourceLimits, ...limits } };
}

/**
 * Reads every text file below the folder; what cannot be read is listed in `skipped`, with the reason.
 *
 * @throws InvalidArgumentError when not one file holds text.
 * @remarks Synchronous, cost in the size of the folder: 60 files and 40 MB take a fifth of a second.
 */
export function readResources(resources: Resources): Corpus {
  const { root, limits } = resources;
  const files: ResourceFile[] = [];
  const { paths, skipped } = walkFolder(root, limits);
  const unread: SkippedFile[] = [...skipped];
  let bytesLeft = limits.totalBytesMax;
  for (const path of paths) {
    const outcome = readTextFile(root, path, Math.min(limits.fileBytesMax, bytesLeft));
    if ("reason" in outcome) unread.push({ path, reason: outcome.reason });
    else {
      bytesLeft -= outcome.sizeBytes;
      files.push(resourceFile(path, outcome.text));
    }
  }
  if (files.length === 0) {
    const facts = { root, files: 0, skipped: unread.length };
    const what = `no file in ${root} holds readable text (${unread.length} skipped).`;
    throw new InvalidArgumentError(what, facts, "Name a folder with Markdown or plain text files in UTF-8.");
  }
  return { root, files, skipped: unread };
}
