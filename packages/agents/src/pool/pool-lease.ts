import type { BranchStore, Reservation } from "@lloyal-labs/sdk";

/**
 * The cells that a pool holds back in the store, so that neither another pool nor a `generate` can take what its own
 * agents need to go on and to end. Nested pools and siblings see `pressure().free` without them.
 */
export class PoolLease {
  readonly #store: BranchStore;
  #held: Reservation | undefined;

  constructor(store: BranchStore) {
    this.#store = store;
  }

  get cells(): number {
    return this.#held?.cells ?? 0;
  }

  /** What the pool may use: the free cells and those that it holds. */
  get room(): number {
    return this.#store.pressure().free + this.cells;
  }

  /** Holds `cells` from now on, or as many of them as there are. 0 lets go of all. Synchronous: nobody can get in between. */
  hold(cells: number): void {
    this.#held?.release();
    const free = this.#store.pressure().free;
    this.#held = this.#store.reserve(Math.max(0, Math.min(cells, free)));
  }
}
