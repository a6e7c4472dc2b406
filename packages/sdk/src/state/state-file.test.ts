import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as nodeFiles from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readState, type StateFiles, writeState } from "./state-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-state-"));
  path = join(folder, "a.state");
});
afterEach(() => rmSync(folder, { recursive: true }));

const chunks = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)];

it("writes the chunks one after another, for the owner alone, in place of what was there", async () => {
  writeFileSync(path, "before");
  await writeState(path, chunks);
  expect([...(await readState(path))]).toEqual([1, 2, 3]);
  expect(readdirSync(folder)).toEqual(["a.state"]);
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("reads a file in pieces, and what is left of one that is cut", async () => {
  const bytes = new Uint8Array(2 ** 24 + 5).map((_, i) => i);
  writeFileSync(path, bytes);
  expect(Buffer.compare(await readState(path), bytes)).toBe(0);
  const open: StateFiles["open"] = async (...args) => {
    const file = await nodeFiles.open(...args);
    const stats = await file.stat();
    return Object.assign(file, { stat: async () => ({ ...stats, size: bytes.length + 7 }) });
  };
  expect(await readState(path, { ...nodeFiles, open })).toHaveLength(bytes.length);
  await expect(readState(folder)).rejects.toMatchObject({ code: "STATE_FILE" });
});

/** Files whose call number `n` fails. */
function failing(n: number, code: string): { files: StateFiles; calls: () => number } {
  let calls = 0;
  const count = () => {
    if (++calls === n) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const open: StateFiles["open"] = async (...args) => {
    count();
    const file = await nodeFiles.open(...args);
    for (const name of ["writeFile", "sync", "close"] as const) {
      const original = file[name].bind(file) as (...given: unknown[]) => Promise<void>;
      file[name] = async (...given: unknown[]) => {
        // Even a close that fails has closed.
        if (name === "close") await original();
        count();
        if (name !== "close") await original(...given);
      };
    }
    return file;
  };
  const rename: StateFiles["rename"] = async (...args) => {
    count();
    await nodeFiles.rename(...args);
  };
  return { files: { ...nodeFiles, open, rename }, calls: () => calls };
}

it.each(["ENOSPC", "EIO", "EROFS", "EMFILE"])(
  "keeps the file of before, and no other, when any call ends in %s",
  async (code) => {
    const whole = failing(0, code);
    await writeState(path, chunks, whole.files);
    expect(whole.calls()).toBeGreaterThan(5);
    writeFileSync(path, "before");
    for (let n = 1; n <= whole.calls(); n++) {
      await expect(writeState(path, chunks, failing(n, code).files)).rejects.toMatchObject({
        code: "STATE_FILE",
        cause: { code },
      });
      expect(readdirSync(folder)).toEqual(["a.state"]);
      expect(readFileSync(path, "utf8")).toBe("before");
    }
  },
);
