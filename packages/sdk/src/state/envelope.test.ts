import { constants } from "node:buffer";
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { joined } from "./encode-state.ts";
import { open, seal } from "./envelope.ts";

const blobs = [Uint8Array.of(1, 2, 3), new Uint8Array(), Uint8Array.of(4)];
const sealed = async () => await joined(await seal({ a: "ä" }, blobs));

it("gives back what was sealed, also out of the middle of a buffer", async () => {
  const expected = { header: { a: "ä", blobs: [3, 0, 1] }, blobs };
  const bytes = await sealed();
  expect(await open(bytes)).toEqual(expected);
  const around = Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]);
  expect(await open(around.subarray(5, 5 + bytes.length))).toEqual(expected);
});

it("refuses every change of one bit, and every cut", async () => {
  const bytes = await sealed();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes);
    (changed[bit >> 3] as number) ^= 1 << (bit % 8);
    await expect(open(changed), `bit ${bit}`).rejects.toThrow(/^STATE_(INVALID|MISMATCH)/);
  }
  for (let length = 0; length < bytes.length; length++)
    await expect(open(bytes.slice(0, length)), `${length} bytes`).rejects.toThrow(/^STATE_INVALID/);
});

it("refuses what is too long to be read back, before it looks at it", async () => {
  const endless = { length: constants.MAX_LENGTH } as Uint8Array;
  await expect(seal({}, [endless])).rejects.toThrow(/^INVALID_ARGUMENT/);
});

it("refuses bytes that are taken away while they are looked at", async () => {
  const bytes = await joined(await seal({}, [new Uint8Array(5 * 2 ** 20)]));
  const opened = open(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
  await expect(opened).rejects.toThrow(/^STATE_INVALID/);
});

/** With the right length and digest, whatever it says. */
function resealed(header: string, rest: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(24 + text.length + rest.length + 32);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("LLOYALST"));
  view.setUint32(8, 1, true);
  view.setUint32(12, text.length, true);
  view.setBigUint64(16, BigInt(bytes.length), true);
  bytes.set(text, 24);
  bytes.set(rest, 24 + text.length);
  bytes.set(createHash("sha256").update(bytes.subarray(0, -32)).digest(), bytes.length - 32);
  return bytes;
}

it.each([
  "",
  "{",
  "7",
  "null",
  "{}",
  '{"blobs":7}',
  '{"blobs":[5]}',
  '{"blobs":[3]}',
  '{"blobs":[-1,5]}',
  '{"blobs":[4,0.5]}',
  '{"blobs":["4"]}',
  '{"blobs":[9007199254740991,4]}',
])("refuses blobs that are not the rest, though the digest is right: %s", async (header) => {
  await expect(open(resealed(header, Uint8Array.of(1, 2, 3, 4)))).rejects.toThrow(/^STATE_INVALID/);
  expect((await open(resealed('{"blobs":[4]}', Uint8Array.of(1, 2, 3, 4)))).blobs).toHaveLength(1);
});
