import { expect, it } from "vitest";
import { inSlices } from "./in-slices.ts";

const megabyte = 2 ** 20;

it("hands over every byte once, in order, in slices", async () => {
  const chunks = [new Uint8Array(5), new Uint8Array(), new Uint8Array(5 * megabyte), new Uint8Array(megabyte + 1)];
  const bytes = chunks.map((chunk, i) => chunk.fill(i + 1));
  const slices: Uint8Array[] = [];
  await inSlices(chunks, (slice) => slices.push(slice));
  expect(Buffer.concat(slices).equals(Buffer.concat(bytes))).toBe(true);
  for (const { length } of slices) expect(length).toBeLessThanOrEqual(2 * megabyte);
});

it("lets the event loop turn every two megabytes, and before no more than that", async () => {
  let turns = 0;
  const counted = () => {
    turns += 1;
    handle = setImmediate(counted);
  };
  let handle = setImmediate(counted);
  await inSlices([new Uint8Array(megabyte), new Uint8Array(megabyte)], () => {});
  expect(turns).toBe(0);
  const seen = new Set<number>();
  await inSlices([new Uint8Array(megabyte), new Uint8Array(10 * megabyte)], () => seen.add(turns));
  clearImmediate(handle);
  expect(seen.size).toBe(6);
});
