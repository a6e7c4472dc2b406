import type { SequenceImage } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";

/** A branch as it is written down. In a list of them parents come before their children, the top one first. */
export interface SavedBranch {
  /** Place of its parent in the list; -1 for the first, and for no other. */
  readonly parent: number;
  /** Position at which it left its parent; 0 for the first, which holds all of its tokens itself. */
  readonly forkHead: number;
  readonly nBatch: number | undefined;
  /** From `forkHead` to its head. */
  readonly tokens: readonly Token[];
  readonly image: SequenceImage;
}

/** `SavedBranch`es, and what their cells depend on; see `Engine.fingerprint`. */
export interface SavedTree {
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly branches: readonly SavedBranch[];
}
