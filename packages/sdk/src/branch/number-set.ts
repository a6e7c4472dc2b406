// Powers of two, so that bits choose.
const parts = 64;
const slotsAtFirst = 64;

/**
 * A set of whole numbers in [1, 2^53) that grows without a stall: numbers lie in typed arrays, where the garbage
 * collector has nothing to look at, and a part that is half full is copied by itself. A `Set` of 10^6 numbers takes
 * 100 ms to grow.
 *
 * @remarks The numbers have to be hashes already: their low bits choose the slot. Cost: 16 to 32 bytes each.
 */
export class NumberSet {
  readonly #parts = Array.from({ length: parts }, () => ({ slots: new Float64Array(slotsAtFirst), size: 0 }));

  /** False when it was there. */
  add(value: number): boolean {
    const part = this.#parts[(value >>> 0) % parts]!;
    const slot = slotOf(part.slots, value);
    if (part.slots[slot] === value) return false;
    part.slots[slot] = value;
    part.size += 1;
    if (part.size * 2 > part.slots.length) part.slots = doubled(part.slots);
    return true;
  }
}

/** Where the value is, or the free slot where it belongs. Half of the slots are free, so there is one. */
function slotOf(slots: Float64Array, value: number): number {
  const last = slots.length - 1;
  let slot = Math.floor((value >>> 0) / parts) & last;
  while (slots[slot] !== 0 && slots[slot] !== value) slot = (slot + 1) & last;
  return slot;
}

function doubled(slots: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(slots.length * 2);
  for (const value of slots) if (value !== 0) more[slotOf(more, value)] = value;
  return more;
}
