import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestClock, testClock } from "../test/clocks.ts";
import { createSandbox, type Sandbox } from "../test/fixture.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { newOwnerName } from "./owner.ts";

let sandbox: Sandbox;
let lock: string;
let clock: TestClock;
beforeEach(async () => {
  sandbox = await createSandbox();
  lock = join(sandbox.folder, "x.lock");
  clock = testClock();
});
afterEach(() => sandbox.remove());

async function privateFolder(): Promise<string> {
  const folder = join(sandbox.folder, await newOwnerName());
  await mkdir(folder);
  return folder;
}

async function holderWhile(options: Partial<LockOptions> = {}): Promise<string | undefined> {
  const folder = await privateFolder();
  return withLock(lock, { folder, clock, onWait: () => {}, ...options }, () =>
    readFile(lock, "utf8").catch(() => undefined),
  );
}

it("the lock is held while the body runs, and gone after it", async () => {
  expect(await holderWhile()).toMatch(/@/);
  expect(existsSync(lock)).toBe(false);
});

it("the lock is gone after a body that failed", async () => {
  const folder = await privateFolder();
  await expect(
    withLock(lock, { folder, clock, onWait: () => {} }, () => Promise.reject(new Error("no"))),
  ).rejects.toThrow("no");
  expect(existsSync(lock)).toBe(false);
});

const reused = async () => (await newOwnerName()).replace(/\.[\w-]+\./, ".0a1b2c3d-1.");
const dead = async () => (await newOwnerName()).replace(/^\d+/, `${2 ** 31 - 2}`);
const elsewhere = async () => (await newOwnerName()).replace(/@.+/, "@another~machine");

it.each([
  ["a process that has ended", dead],
  ["a process whose number a living one has now", reused],
  ["a process of another machine", elsewhere],
  ["a living process that is done", newOwnerName],
  ["nobody", async () => ""],
  ["something else", async () => "\0\xff"],
])("a lock of %s is taken over at once", async (_whose, holder) => {
  await writeFile(lock, await holder());
  expect(await holderWhile()).toMatch(/@/);
  expect(clock.pauses).toEqual([]);
  expect(existsSync(lock)).toBe(false);
});

it("where no lock can be had the body runs without", async () => {
  await mkdir(lock);
  expect(await holderWhile()).toBeUndefined();
  await rm(lock, { recursive: true });
  lock = join(sandbox.folder, "absent", "x.lock");
  expect(await holderWhile()).toBeUndefined();
  expect(clock.pauses).toEqual([]);
});

it("a lock that another took meanwhile is left to it", async () => {
  const folder = await privateFolder();
  await withLock(lock, { folder, clock, onWait: () => {} }, () => writeFile(lock, "another"));
  expect(await readFile(lock, "utf8")).toBe("another");
});

describe("a lock that is held", () => {
  let holder: string;
  beforeEach(async () => {
    holder = await privateFolder();
    await writeFile(join(holder, "model.gguf"), Buffer.alloc(100));
    await writeFile(lock, holder.split("/").at(-1)!);
  });

  it("is waited for, and what its holder brings is reported", async () => {
    const seen: number[] = [];
    const onWait = async (bytes: number) => {
      seen.push(bytes);
      if (seen.length === 2) await writeFile(join(holder, "model.gguf"), Buffer.alloc(200));
      if (bytes === 200) await rename(lock, `${lock}.gone`);
    };
    expect(await holderWhile({ onWait })).not.toBe(await readFile(`${lock}.gone`, "utf8"));
    expect(seen.slice(0, 2)).toEqual([100, 100]);
    expect(seen).toContain(200);
  });

  it("is waited for as long as something comes, and two minutes more", async () => {
    let polls = 0;
    const onWait = async () => {
      if (++polls === 400) await writeFile(join(holder, "model.gguf"), Buffer.alloc(200)); // after 100 s
    };
    expect(await holderWhile({ onWait })).toBe(await readFile(lock, "utf8"));
    const waitedMs = clock.pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(220_000);
    expect(waitedMs).toBeLessThan(225_000);
  });

  it("may be stopped waiting for", async () => {
    const controller = new AbortController();
    const waiting = holderWhile({ signal: controller.signal, onWait: () => controller.abort(new Error("stopped")) });
    await expect(waiting).rejects.toThrow("stopped");
  });
});
