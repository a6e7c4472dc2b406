import { setImmediate as turn } from "node:timers/promises";

/** About two milliseconds of hashing. */
const sliceBytes = 2 ** 21;

/** Hands over the chunks in slices, in order, and lets the event loop turn between two of them. */
export async function inSlices(chunks: readonly Uint8Array[], take: (slice: Uint8Array) => void): Promise<void> {
  let taken = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes);
      taken += slice.length;
      if (taken > sliceBytes) {
        await turn();
        taken = slice.length;
      }
      take(slice);
    }
  }
}
