import type { SequenceImage } from "../backend/engine.ts";
import type { SequenceHandle, Token } from "../backend/ids.ts";
import type { ResolvedSampling } from "../backend/sampling.ts";
import { BranchDisposedError, BranchInFlightError, BranchParkedError } from "../errors.ts";
import type { CellSegment, Reservation } from "./cell-ledger.ts";
import type { PathHash } from "./prefix-trie.ts";

/** A branch as the tree sees it. `Branch` is the handle that users hold. */
export interface BranchNode {
  readonly id: number;
  /** Closed while it is parked. */
  sequence: SequenceHandle;
  parent: BranchNode | undefined;
  readonly children: Set<BranchNode>;
  /** Tokens from position 0 to here, shared prefix included. */
  position: number;
  /** Position at which it left its parent; 0 for roots. */
  readonly forkHead: number;
  readonly tail: CellSegment;
  path: PathHash;
  /** Cells that are held for its first tokens, until these have landed. */
  promised: Reservation | undefined;
  /** Most tokens of its prefills in one decode; the engine's where it has none of its own. */
  readonly nBatch: number | undefined;
  sampling: ResolvedSampling;
  disposed: boolean;
  parked: ParkedNode | undefined;
  /** True from a call with rows of this branch to its end. */
  inFlight: boolean;
}

/** What is left of a node whose cells are out of the cache. */
export interface ParkedNode {
  readonly tokens: readonly Token[];
  /** Cells that it takes to come back. */
  readonly cells: number;
  load(): Promise<SequenceImage>;
}

export function requireLive(node: BranchNode, doing: string): void {
  if (node.disposed) throw new BranchDisposedError({ branch: node.id, doing });
}

/** Live, and no call's: it may be parked. */
export function requireAtRest(node: BranchNode, doing: string): void {
  requireLive(node, doing);
  if (node.inFlight) throw new BranchInFlightError({ branch: node.id, doing });
}

export function requireIdle(node: BranchNode, doing: string): void {
  requireAtRest(node, doing);
  if (node.parked) throw new BranchParkedError({ branch: node.id, doing });
}
