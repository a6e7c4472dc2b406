/** A number in [0, 1) that is a function of its key alone: no state, nothing to copy on a fork. */
export function uniformOf(...key: readonly number[]): number {
  return (key.reduce((hash, part) => mix(hash ^ Math.imul(part + 1, 0x9e3779b1)), 7) >>> 0) / 2 ** 32;
}

/** Bits of a 32-bit integer, spread over all of them. */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
