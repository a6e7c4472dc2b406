import { existsSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testClock } from "../test/clocks.ts";
import { createSandbox, ggufBytes, identityOf, type Sandbox } from "../test/fixture.ts";
import { newOwnerName } from "./owner.ts";
import { beginPartial, partialBytesPath, readPartial } from "./partial.ts";
import { withPrivateFolder } from "./private-folder.ts";

const key = "0123456789ab-0123456789ab";
const clock = testClock();
let sandbox: Sandbox;
let shelf: string;
beforeEach(async () => {
  sandbox = await createSandbox();
  shelf = join(sandbox.folder, "shelf");
});
afterEach(() => sandbox.remove());

async function unfinishedIn(folder: string, bytes = 10): Promise<void> {
  await mkdir(join(folder, key), { recursive: true });
  await beginPartial(join(folder, key), '"v1"', identityOf(ggufBytes));
  await writeFile(partialBytesPath(join(folder, key)), ggufBytes.subarray(0, bytes));
}

async function other(change: (name: string) => string): Promise<string> {
  const folder = join(shelf, change(await newOwnerName()));
  await mkdir(folder, { recursive: true });
  return folder;
}

const dead = (name: string) => name.replace(/^\d+/, `${2 ** 31 - 2}`);
const elsewhere = (name: string) => name.replace(/@.+/, "@another~machine");

it("the folder is there for the body, and gone after it", async () => {
  const folder = await withPrivateFolder(shelf, clock, async (own) => {
    await writeFile(join(own, "x"), "x");
    return own;
  });
  expect(existsSync(folder)).toBe(false);
  expect(await readdir(shelf)).toEqual([]);
});

it("a body that fails leaves what can be gone on with, and nothing else", async () => {
  const failing = withPrivateFolder(shelf, clock, async (own) => {
    await unfinishedIn(own);
    await writeFile(join(own, "x"), "x");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await readdir(shelf)).toEqual([key]);
  expect(await readPartial(join(shelf, key))).toMatchObject({ bytes: 10, etag: '"v1"' });
});

it("a killed process leaves what can be gone on with, and nothing else", async () => {
  const folder = await other(dead);
  await unfinishedIn(folder);
  await writeFile(join(folder, "x"), "x");
  await withPrivateFolder(shelf, clock, async () => expect(await readPartial(join(shelf, key))).toBeDefined());
  expect(await readdir(shelf)).toEqual([key]);
});

it("nothing is taken from a living process, nor from one of another machine", async () => {
  const folders = [await other((name) => name), await other(elsewhere)];
  for (const folder of folders) await unfinishedIn(folder);
  await withPrivateFolder(shelf, clock, async () => {});
  for (const folder of folders) expect(await readPartial(join(folder, key))).toBeDefined();
});

it("what nobody has touched for a week is removed", async () => {
  await unfinishedIn(shelf);
  await writeFile(join(shelf, "0123456789ab.lock"), "x");
  const paths = [await other(elsewhere), join(shelf, key), join(shelf, "0123456789ab.lock")];
  const living = await other((name) => name);
  const day = 24 * 3600;
  const setAge = async (days: number) => {
    for (const path of [...paths, living]) await utimes(path, 0, clock.now() / 1000 - days * day);
  };
  await setAge(6.9);
  await withPrivateFolder(shelf, clock, async () => {});
  expect(paths.map((path) => existsSync(path))).toEqual([true, true, true]);
  await setAge(7.1);
  await withPrivateFolder(shelf, clock, async () => {});
  expect([...paths, living].map((path) => existsSync(path))).toEqual([false, false, false, true]);
});

it.each([
  ["cut", '{"etag":"\\"v1\\"","iden'],
  ["of another form", '{"etag":1}'],
  ["empty", ""],
])("a state file that is %s counts as none", async (_what, text) => {
  await unfinishedIn(shelf);
  await writeFile(join(shelf, key, "state.json"), text);
  expect(await readPartial(join(shelf, key))).toBeUndefined();
});

it("more bytes than the file can have count as none", async () => {
  await unfinishedIn(shelf);
  await writeFile(partialBytesPath(join(shelf, key)), Buffer.alloc(ggufBytes.length + 1));
  expect(await readPartial(join(shelf, key))).toBeUndefined();
});
