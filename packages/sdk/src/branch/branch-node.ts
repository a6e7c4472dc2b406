import type { SequenceHandle } from "../backend/ids.ts";
import type { ResolvedSampling } from "../backend/sampling.ts";
import { BranchDisposedError, BranchInFlightError } from "../errors.ts";
import type { CellSegment } from "./cell-ledger.ts";
import type { PathHash } from "./prefix-trie.ts";

/** A branch as the tree sees it. `Branch` is the handle that users hold. */
export interface BranchNode {
  readonly id: number;
  readonly sequence: SequenceHandle;
  parent: BranchNode | undefined;
  readonly children: Set<BranchNode>;
  /** Tokens from position 0 to here, shared prefix included. */
  position: number;
  /** Position at which it left its parent; 0 for roots. */
  readonly forkHead: number;
  tail: CellSegment;
  path: PathHash;
  /** Most tokens of its prefills in one decode; the engine's where it has none of its own. */
  readonly nBatch: number | undefined;
  sampling: ResolvedSampling;
  disposed: boolean;
  /** True from a call with rows of this branch to its end. */
  inFlight: boolean;
}

export function requireLive(node: BranchNode, doing: string): void {
  if (node.disposed) throw new BranchDisposedError({ branch: node.id, doing });
}

export function requireIdle(node: BranchNode, doing: string): void {
  requireLive(node, doing);
  if (node.inFlight) throw new BranchInFlightError({ branch: node.id, doing });
}
