import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { packTarball } from "../../test/pack-tarball.ts";
import { readTarballMember } from "./tarball.ts";

let folder: string;
let tarball: string;
const data = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const long = `${"deep/".repeat(40)}weights.bin`;
const files = {
  "package/other.bin": Buffer.alloc(1_000),
  "package/weights.bin": data,
  [`tiny/${long}`]: data,
  "package/folder/none.txt": Buffer.alloc(0),
  "package/link.bin": "weights.bin",
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lloyal-tarball-"));
  tarball = join(folder, "x.tgz");
  await writeFile(tarball, await packTarball(files));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(member: string, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readTarballMember(tarball, member, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it("a file is read whole, whatever the first folder and however long its path", async () => {
  expect((await read("weights.bin")).equals(data)).toBe(true);
  expect((await read(long)).equals(data)).toBe(true);
});

it.each(["absent.bin", "folder", "link.bin", "package/weights.bin", ""])("%j is no file in it", async (member) => {
  await expect(read(member)).rejects.toThrow("is missing");
});

it("a tarball that was cut never passes for whole", async () => {
  const whole = await packTarball({ "package/weights.bin": data });
  for (const share of [0, 0.1, 0.5, 0.9]) {
    await writeFile(tarball, whole.subarray(0, Math.floor(whole.length * share)));
    await expect(read("weights.bin"), `cut at ${share}`).rejects.toThrow();
  }
});

it("what is no tarball is refused", async () => {
  await writeFile(tarball, "<html>Please log in</html>".repeat(100));
  await expect(read("weights.bin")).rejects.toThrow();
});

it("reading ends when it is stopped", async () => {
  await expect(read("weights.bin", AbortSignal.abort(new Error("stopped")))).rejects.toThrow();
});

it("a reader may stop in the middle", async () => {
  for await (const chunk of readTarballMember(tarball, "weights.bin")) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
});
