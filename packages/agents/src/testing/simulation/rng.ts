/**
 * Random numbers from a seed, as a tree of streams. A fork depends on its path of names alone and not on how much was
 * drawn before, so that a draw that is added in one place does not shift the others.
 */
export class Rng {
  readonly #key: number;
  #draws = 0;

  constructor(seed: number) {
    this.#key = mix(seed ^ 0x5bd1e995);
  }

  fork(name: string): Rng {
    let hash = this.#key;
    for (let i = 0; i < name.length; i++) hash = mix(hash ^ Math.imul(name.charCodeAt(i) + 1, 0x9e3779b1));
    return new Rng(hash);
  }

  /** In [0, 1), with 32 bits. */
  unit(): number {
    this.#draws += 1;
    return (mix(this.#key + Math.imul(this.#draws, 0x9e3779b9)) >>> 0) / 2 ** 32;
  }

  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  /** An integer whose logarithm is uniform, 1 <= min <= max: as many between 10 and 100 as between 100 and 1000. */
  logInteger(min: number, max: number): number {
    return Math.min(max, Math.floor(min * (max / min) ** this.unit()));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error("assertion: nothing to pick from");
    return items[this.integer(0, items.length - 1)] as T;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [order[i], order[j]] = [order[j] as T, order[i] as T];
    }
    return order;
  }
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
