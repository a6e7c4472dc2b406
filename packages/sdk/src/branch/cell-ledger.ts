// The KV cache as segments: runs of cells that end where somebody forked.
//
//      [ spine 0..99 ]            one segment, held by two
//        /          \
//   [ agent A ]   [ agent B ]     two tails, each held by its branch
//
// Used cells are the sum over living segments, so a shared prefix counts once however many branches read it. Every
// segment is a tail or has two children at least: one that a release leaves a single child becomes part of it. So what
// is no tail is shared, and a chain of segments is never longer than the living branches are many.

import { KvExhaustedError } from "../errors.ts";

/** A run of cells with one history. A tail belongs to one branch and grows; every other one is shared. */
export interface CellSegment {
  parent: CellSegment | undefined;
  cells: number;
  /** The segments that go on from here; none for a tail. */
  readonly children: Set<CellSegment>;
}

/** A number of cells that nobody else may count on until it is released. */
export interface Reservation {
  readonly cells: number;
  /** Idempotent. */
  release(): void;
}

/** All figures in cells. A branch that is parked holds what it shares, and none of its own. `free` may be negative only if the caller reserved more than there was. */
export interface Pressure {
  nCtx: number;
  /** Cells that living branches hold, each counted once: shared + private. */
  used: number;
  /** Those that more than one branch holds. */
  shared: number;
  /** Those that one branch alone holds: what goes when it is pruned. */
  private: number;
  /** Promised to reservations and to calls that have not landed. */
  reserved: number;
  /** nCtx - used - reserved. */
  free: number;
}

/** Exact account of one cache: who holds which cells, and what is promised but not yet written. */
export class CellLedger {
  readonly nCtx: number;
  #used = 0;
  #shared = 0;
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
      shared: this.#shared,
      private: this.#used - this.#shared,
      reserved: this.#reserved,
      free: this.nCtx - this.#used - this.#reserved,
    };
  }

  /** Throws KvExhaustedError when fewer than `cells` are neither used nor promised. */
  requireFree(cells: number, doing: string): void {
    const free = this.nCtx - this.#used - this.#reserved;
    if (cells > free) throw new KvExhaustedError({ needed: cells, available: Math.max(0, free), doing });
  }

  /** An empty tail for a new root. */
  open(): CellSegment {
    return tailOn(undefined);
  }

  extend(tail: CellSegment, cells: number): void {
    tail.cells += cells;
    this.#used += cells;
    this.#peak = Math.max(this.#peak, this.#used);
  }

  /** A branch is parked: its tail is empty, and stays where it is. The number of cells that are free now. */
  empty(tail: CellSegment): number {
    const { cells } = tail;
    tail.cells = 0;
    this.#used -= cells;
    return cells;
  }

  /**
   * A tail for a child of the branch whose tail this is, `back` cells before its end. What lies before that is shared from
   * here on; a segment that would be empty is not made.
   */
  fork(tail: CellSegment, back = 0): CellSegment {
    let segment = tail;
    let kept = back;
    for (; kept > segment.cells && segment.parent; segment = segment.parent) kept -= segment.cells;
    if (kept >= segment.cells) return tailOn(segment.parent);
    return tailOn(this.#split(segment, segment.cells - kept));
  }

  /** A branch lets go of its tail. Its cells are free, and those that one other branch shared are that one's own. */
  release(tail: CellSegment): void {
    this.#used -= tail.cells;
    const { parent } = tail;
    if (!parent) return;
    parent.children.delete(tail);
    const [heir, another] = parent.children;
    if (heir && !another) this.#join(parent, heir);
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

  /** The first `cells` of a segment as one of their own, above it. */
  #split(segment: CellSegment, cells: number): CellSegment {
    if (segment.children.size === 0) this.#shared += cells;
    const upper: CellSegment = { parent: segment.parent, cells, children: new Set([segment]) };
    segment.parent?.children.delete(segment);
    segment.parent?.children.add(upper);
    segment.parent = upper;
    segment.cells -= cells;
    return upper;
  }

  /** `segment` becomes the beginning of its only child. */
  #join(segment: CellSegment, child: CellSegment): void {
    const isTail = child.children.size === 0;
    if (isTail) this.#shared -= segment.cells;
    child.cells += segment.cells;
    child.parent = segment.parent;
    segment.parent?.children.delete(segment);
    segment.parent?.children.add(child);
  }
}

function tailOn(parent: CellSegment | undefined): CellSegment {
  const tail: CellSegment = { parent, cells: 0, children: new Set() };
  parent?.children.add(tail);
  return tail;
}
