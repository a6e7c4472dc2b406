// The KV cache as segments: runs of cells that end where somebody forked.
//
//      [ spine 0..99 ]            one segment, held by two
//        /          \
//   [ agent A ]   [ agent B ]     two tails, each held by its branch
//
// Used cells are the sum over living segments, so a shared prefix counts once however many branches read it.

/** A run of cells with one history. Only a tail (held by exactly one branch) grows. */
export interface CellSegment {
  readonly parent: CellSegment | undefined;
  cells: number;
  /** How many branches and child segments hold it. At 0 its cells are free. */
  holders: number;
}

/** A number of cells that nobody else may count on until it is released. */
export interface Reservation {
  readonly cells: number;
  /** Idempotent. */
  release(): void;
}

/** All figures in cells. `free` may be negative only if the caller reserved more than there was. */
export interface Pressure {
  nCtx: number;
  used: number;
  reserved: number;
  /** nCtx - used - reserved. */
  free: number;
}

/** Exact account of one cache: who holds which cells, and what is promised but not yet written. */
export class CellLedger {
  readonly nCtx: number;
  #used = 0;
  #reserved = 0;
  #peak = 0;

  constructor(nCtx: number) {
    this.nCtx = nCtx;
  }

  get peakCells(): number {
    return this.#peak;
  }

  pressure(): Pressure {
    return {
      nCtx: this.nCtx,
      used: this.#used,
      reserved: this.#reserved,
      free: this.nCtx - this.#used - this.#reserved,
    };
  }

  /** An empty tail for a new root. */
  open(): CellSegment {
    return { parent: undefined, cells: 0, holders: 1 };
  }

  extend(tail: CellSegment, cells: number): void {
    tail.cells += cells;
    this.#used += cells;
    this.#peak = Math.max(this.#peak, this.#used);
  }

  /**
   * Ends `tail` here and gives two empty tails on top of it: the first for the branch that forks, the second
   * for its child. An empty tail is not worth a segment: both then stand on its parent.
   */
  fork(tail: CellSegment): [own: CellSegment, child: CellSegment] {
    const base = tail.cells > 0 ? tail : tail.parent;
    // The forking branch's own hold passes to its new tail; the child's tail is one holder more.
    if (base) base.holders += 1;
    return [
      { parent: base, cells: 0, holders: 1 },
      { parent: base, cells: 0, holders: 1 },
    ];
  }

  /** A branch lets go of its tail; segments that nobody holds any more are freed up the chain. */
  release(tail: CellSegment): void {
    let segment: CellSegment | undefined = tail;
    while (segment && --segment.holders === 0) {
      this.#used -= segment.cells;
      segment = segment.parent;
    }
  }

  reserve(cells: number): Reservation {
    this.#reserved += cells;
    let held = cells;
    return {
      cells,
      release: () => {
        this.#reserved -= held;
        held = 0;
      },
    };
  }
}
