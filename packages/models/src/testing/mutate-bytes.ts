import type { SeededRandom } from "./random.ts";

/** Damages the bytes of a file, as disks, downloads and attackers do. `headerBytes` is where the data begin. */
export type ByteMutation = (bytes: Uint8Array, headerBytes: number, random: SeededRandom) => Uint8Array;

const hugeNumbers = [2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 53n, 2n ** 40n, 2n ** 32n, 2n ** 31n, 2n ** 20n];

export const byteMutations = {
  headerBits(bytes, headerBytes, random) {
    const changed = bytes.slice();
    for (let left = 1 + random.below(8); left > 0; left--) changed[random.below(headerBytes)]! ^= 1 << random.below(8);
    return changed;
  },

  headerBytes(bytes, headerBytes, random) {
    const changed = bytes.slice();
    const begin = random.below(headerBytes);
    for (let i = 0; i <= random.below(16); i++) changed[begin + i] = random.below(256);
    return changed;
  },

  /** Over a count or a length of the header, or across anything. */
  hugeNumber(bytes, headerBytes, random) {
    const changed = bytes.slice();
    const at = random.pick([8, 16, random.below(headerBytes - 8), random.below(headerBytes - 8)]);
    new DataView(changed.buffer).setBigUint64(at, random.pick(hugeNumbers), true);
    return changed;
  },

  truncated(bytes, headerBytes, random) {
    return bytes.slice(0, random.below(random.pick([headerBytes, bytes.length])));
  },

  extended(bytes, _headerBytes, random) {
    const more = Uint8Array.from({ length: 1 + random.below(4096) }, () => random.below(256));
    return Buffer.concat([bytes, more]);
  },

  /** Some bytes of the header over others of it. */
  copiedBlock(bytes, headerBytes, random) {
    const changed = bytes.slice();
    const length = 1 + random.below(200);
    const from = random.below(headerBytes);
    changed.copyWithin(random.below(headerBytes), from, from + length);
    return changed;
  },

  /** What follows moves up, as if a block had been written twice. */
  repeatedBlock(bytes, headerBytes, random) {
    const begin = random.below(headerBytes);
    const end = begin + 1 + random.below(200);
    return Buffer.concat([bytes.slice(0, end), bytes.slice(begin)]);
  },

  /** What follows moves down. */
  missingBlock(bytes, headerBytes, random) {
    const begin = random.below(headerBytes);
    return Buffer.concat([bytes.slice(0, begin), bytes.slice(begin + 1 + random.below(200))]);
  },

  dataBytes(bytes, headerBytes, random) {
    const changed = bytes.slice();
    for (let left = 1 + random.below(64); left > 0; left--) {
      changed[headerBytes + random.below(bytes.length - headerBytes)] = random.below(256);
    }
    return changed;
  },

  /** A run of NaN, infinity or numbers at the end of the range, which one decode turns into NaN. */
  dataNumbers(bytes, headerBytes, random) {
    const changed = bytes.slice();
    const view = new DataView(changed.buffer);
    const begin = headerBytes + 4 * random.below((bytes.length - headerBytes) / 4);
    const end = Math.min(begin + 4 * (1 + random.below(4096)), bytes.length - 4);
    const value = random.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38]);
    for (let at = begin; at <= end; at += 4) view.setFloat32(at, value, true);
    return changed;
  },
} satisfies Record<string, ByteMutation>;
