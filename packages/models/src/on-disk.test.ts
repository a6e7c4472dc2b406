import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testClock } from "../test/clocks.ts";
import type { FaultPlan } from "../test/faulty-fs.ts";
import { createSandbox, entryFor, failure, ggufBytes, type Sandbox } from "../test/fixture.ts";
import { type ModelServer, sendFile, startServer } from "../test/model-server.ts";
import { cachedModelPath } from "./cache.ts";
import { ensureModel } from "./ensure-model.ts";
import { ModelError } from "./errors.ts";
import type { Mirror } from "./model-entry.ts";
import { makeFolder, onDisk } from "./on-disk.ts";

const disk = await vi.hoisted(async () => {
  const { faultyFs } = await import("../test/faulty-fs.ts");
  return faultyFs(await import("node:fs/promises"));
});
vi.mock("node:fs/promises", () => ({ ...disk.fs, default: disk.fs }));

let sandbox: Sandbox;
let server: ModelServer;
let mirrors: Record<"file" | "https", Mirror>;
beforeEach(async () => {
  disk.begin();
  sandbox = await createSandbox();
  server = await startServer((exchange) => sendFile(exchange, ggufBytes));
  const copy = join(sandbox.folder, "copy.gguf");
  await sandbox.write(copy, ggufBytes);
  mirrors = {
    file: { kind: "file", path: copy },
    https: { kind: "https", url: `${server.origin}/tiny.gguf` },
  };
});
afterEach(async () => {
  await server.close();
  await sandbox.remove();
});

/** One download of the model, with another model of the cache beside it. */
async function attempt(kind: keyof typeof mirrors, plan: FaultPlan): Promise<{ fired: string[]; error?: ModelError }> {
  await sandbox.clear();
  const older = cachedModelPath(entryFor(ggufBytes, { name: "older" }), sandbox.env);
  await sandbox.writeCached(older, ggufBytes);
  const catalogue = [entryFor(ggufBytes, { mirrors: [mirrors[kind]] })];
  const ensure = () => ensureModel("tiny", { catalogue, env: sandbox.env, clock: testClock() });

  disk.begin(plan);
  const result = await ensure().catch((reason: unknown) => reason);
  const fired = disk.fired();
  disk.begin();

  const path = cachedModelPath(catalogue[0]!, sandbox.env);
  const what = `${JSON.stringify(plan)}: ${fired}`;
  expect(await readFile(older), what).toEqual(ggufBytes);
  expect(await sandbox.cachedFiles(), what).toEqual(result instanceof Error ? [older] : [older, path].sort());
  expect(await readFile(await ensure()), what).toEqual(ggufBytes);
  expect(await sandbox.cachedFiles(), what).toEqual([older, path].sort());
  if (!(result instanceof Error)) return { fired };

  expect(result, what).toBeInstanceOf(ModelError);
  const error = result as ModelError;
  expect(error.code, what).toBe("MODEL_CACHE_FAILED");
  expect(error.message, what).toMatch(
    new RegExp(`^MODEL_CACHE_FAILED: /.* cannot be used: .* \\(${plan.errno}\\)\\. .+$`),
  );
  expect(error.facts.errno, what).toBe(plan.errno);
  expect(error.remedy, what).toBeTruthy();
  return { fired, error };
}

const errnos = ["ENOSPC", "EIO", "EROFS", "EMFILE"] as const;

it.each([
  ["file", false],
  ["file", true],
  ["https", false],
  ["https", true],
] as const)(
  "a disk that fails at any call leaves the cache as it was, and is named (%s, persistent: %s)",
  { timeout: 60_000 },
  async (kind, persistent) => {
    const failedAt = new Set<string>();
    for (let at = 1; ; at++) {
      const { fired, error } = await attempt(kind, { at, persistent, errno: errnos[at % errnos.length]! });
      if (fired.length === 0) break;
      if (error) failedAt.add(fired[0]!);
    }
    // Nothing that the model itself needs may fail in silence; all else is help that a download can do without.
    expect([...failedAt]).toEqual(expect.arrayContaining(["mkdir", "open", "read", "rename", "sync", "writeFile"]));
  },
);

it.each([
  ["ENOSPC", /the disk is full \(ENOSPC\)\. Free some space/],
  ["EDQUOT", /the quota is used up/],
  ["EROFS", /the disk is read-only.*XDG_CACHE_HOME/],
  ["EACCES", /permission is denied.*XDG_CACHE_HOME/],
  ["EIO", /the disk reports an error.*Check the disk/],
  ["EMFILE", /too many files are open.*ulimit -n/],
  ["ENOTDIR", /ENOTDIR: not a directory/],
])("%s is told in words", async (code, words) => {
  const cause = Object.assign(new Error(`${code}: not a directory, open`), { code, errno: -1, syscall: "open" });
  const error = await failure(onDisk("/cache/x", () => Promise.reject(cause)));
  expect(error.message).toMatch(words);
  expect(error.facts).toEqual({ path: "/cache/x", errno: code, syscall: "open" });
  expect(error.cause).toBe(cause);
});

it("a folder is made with those above it, or left where it is", async () => {
  const path = join(sandbox.folder, "a", "b", "c");
  await makeFolder(path);
  await makeFolder(path);
  expect(await readdir(join(sandbox.folder, "a", "b"))).toEqual(["c"]);
});

it("a folder that cannot be made fails with the disk's own reason, at whatever depth", async () => {
  for (const [at, depth] of [
    [1, "x"],
    [2, "y/y"],
    [3, "z/z"],
  ] as const) {
    disk.begin({ at, persistent: false, errno: "EROFS" });
    await expect(makeFolder(join(sandbox.folder, depth))).rejects.toMatchObject({ code: "EROFS" });
  }
  disk.begin();
  await sandbox.write(join(sandbox.folder, "file"), ggufBytes);
  await expect(makeFolder(join(sandbox.folder, "file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

it("names inside the cache are not told", async () => {
  const cause = Object.assign(new Error("EIO"), { code: "EIO", errno: -5, syscall: "write" });
  const error = await failure(onDisk("/c/models/.downloads/1.x@y/z", () => Promise.reject(cause)));
  expect(error.message).toContain(": /c/models cannot be used");
});

it("what is not of the disk passes unchanged", async () => {
  const cause = new Error("stopped");
  await expect(onDisk("/cache/x", () => Promise.reject(cause))).rejects.toBe(cause);
});
