import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startAsking } from "../test/asking-processes.ts";
import { createSandbox, entryFor, ggufBytes, type Sandbox } from "../test/fixture.ts";
import { type Exchange, type ModelServer, sendFile, startServer } from "../test/model-server.ts";
import { cachedModelPath, downloadsFolder } from "./cache.ts";
import { ensureModel } from "./ensure-model.ts";
import type { ModelEntry } from "./model-entry.ts";
import { modelKey } from "./model-key.ts";
import { SeededRandom } from "./testing/random.ts";

const timeout = 3_600_000; // of a long programme; nothing here waits for time
const model = Buffer.concat([ggufBytes, Buffer.alloc(400_000, 3)]);
let sandbox: Sandbox;
let server: ModelServer;
let answer: (exchange: Exchange) => void;
let entry: ModelEntry;
let path: string;
beforeEach(async () => {
  sandbox = await createSandbox();
  answer = (exchange) => sendFile(exchange, model);
  server = await startServer((exchange) => answer(exchange));
  entry = entryFor(model, { mirrors: [{ kind: "https", url: `${server.origin}/tiny.gguf` }] });
  path = cachedModelPath(entry, sandbox.env);
});
afterEach(async () => {
  await server.close();
  await sandbox.remove();
});

const ensure = () => ensureModel("tiny", { catalogue: [entry], env: sandbox.env });

async function askEightTimes(): Promise<void> {
  const processes = await startAsking(8, { entry }, sandbox.env);
  for (const { go } of processes) go();
  const ends = await Promise.all(processes.map(({ ended }) => ended));
  expect(ends.map(({ errorText }) => errorText).join("")).toBe("");
  expect((await readFile(path)).equals(model)).toBe(true);
}

const rounds = Number(process.env.LLOYAL_RUNS ?? 1);

it("eight processes at once end with one download, one file and no litter", { timeout }, async () => {
  for (let round = 1; round <= rounds; round++) {
    server.asked.length = 0;
    await askEightTimes();
    expect(await sandbox.cachedFiles(), `round ${round}`).toEqual([path]);
    expect(server.asked, `round ${round}`).toHaveLength(1);
    await sandbox.clear();
  }
});

it("eight processes that have no lock end with one file and no litter too", { timeout }, async () => {
  for (let round = 1; round <= rounds; round++) {
    server.asked.length = 0;
    await mkdir(join(downloadsFolder(sandbox.env), `${modelKey(entry)}.lock`), { recursive: true });
    // None is answered before all have asked, so all of them do download.
    const waiting: Exchange[] = [];
    answer = (exchange) => {
      waiting.push(exchange);
      if (waiting.length === 8) for (const each of waiting) sendFile(each, model);
    };
    await askEightTimes();
    expect(await sandbox.cachedFiles(), `round ${round}`).toEqual([path]);
    expect(server.asked, `round ${round}`).toHaveLength(8);
    await sandbox.clear();
  }
});

it("a process that is killed in the middle has its bytes used by the next", { timeout }, async () => {
  const half = model.length / 2;
  answer = (exchange) => sendFile(exchange, model, exchange.index === 0 ? { hangAt: half } : {});
  const [asking] = await startAsking(1, { entry }, sandbox.env);
  asking!.go();
  await vi.waitFor(async () => expect(await bytesFetched()).toBe(half), 60_000);
  asking!.child.kill("SIGKILL");
  expect((await asking!.ended).signal).toBe("SIGKILL");
  expect((await readFile(await ensure())).equals(model)).toBe(true);
  expect(server.asked.map(({ range }) => range)).toEqual([undefined, `bytes=${half}-`]);
  expect(await sandbox.cachedFiles()).toEqual([path]);
});

async function bytesFetched(): Promise<number> {
  const all = await readdir(downloadsFolder(sandbox.env), { recursive: true });
  const file = all.find((name) => name.endsWith("model.gguf"));
  return file ? (await stat(join(downloadsFolder(sandbox.env), file))).size : 0;
}

it("after kill -9 at any moment the next run completes", { timeout }, async () => {
  const [undisturbed] = await startAsking(1, { entry }, sandbox.env);
  undisturbed!.go();
  const calls = (await undisturbed!.ended).calls!;
  expect(calls).toBeGreaterThan(20);

  const wanted = Number(process.env.LLOYAL_RUNS ?? 8);
  for (let seed = 1, kills = 0; kills < wanted; seed++) {
    await sandbox.clear();
    const random = new SeededRandom(seed);
    const inRow = 1 + random.below(3);
    for (let each = 1; each <= inRow; each++) {
      // How many pieces the bytes come in differs from run to run, so a late call may not be reached.
      const killAt = 1 + random.below(calls);
      const [asking] = await startAsking(1, { entry, killAt }, sandbox.env);
      asking!.go();
      const { signal, errorText } = await asking!.ended;
      if (signal === "SIGKILL") kills++;
      const what = `seed ${seed}, process ${each}: killed at call ${killAt} of ${calls}`;
      expect(errorText, what).toBe("");
      if (existsSync(path)) expect((await readFile(path)).equals(model), what).toBe(true);
    }
    expect((await readFile(await ensure())).equals(model), `seed ${seed}`).toBe(true);
    expect(await tidied(), `seed ${seed}`).toEqual([path]);
  }
});

/** The files of the cache once a further download has swept it: what is there already is not looked at before. */
async function tidied(): Promise<string[]> {
  await rm(path);
  await ensure();
  return sandbox.cachedFiles();
}
