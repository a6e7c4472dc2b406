import type { SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";

/** One thing that a branch was told, by itself or by an ancestor before the fork. */
export type Told =
  | { kind: "prefill"; tokens: readonly Token[] }
  | { kind: "commit"; token: Token }
  | { kind: "grammar"; grammar: string | undefined }
  | { kind: "sampling"; sampling: SamplingParams };

/** What is true of a branch. Cells are compared by identity: a fork shares the very objects. */
export interface ModelBranch {
  readonly parent: Branch | undefined;
  readonly forkHead: number;
  cells: readonly object[];
  told: readonly Told[];
  /** Whether it holds no more of its cells than those that it shares with its parent. */
  isParked: boolean;
}

/**
 * The tree as it should be: slow, and plain enough to be right. A branch is the list of its cells; the cells in use
 * are the distinct ones over all branches.
 */
export class ModelTree {
  readonly branches = new Map<Branch, ModelBranch>();

  get living(): Branch[] {
    return [...this.branches.keys()];
  }

  get active(): Branch[] {
    return this.living.filter((branch) => !this.of(branch).isParked);
  }

  get used(): number {
    return new Set([...this.branches.values()].flatMap(heldBy)).size;
  }

  /** Cells that stand in more than one branch. */
  get shared(): number {
    const once = new Set<object>();
    const again = new Set<object>();
    for (const branch of this.branches.values())
      for (const cell of heldBy(branch)) (once.has(cell) ? again : once).add(cell);
    return again.size;
  }

  of(branch: Branch): ModelBranch {
    const found = this.branches.get(branch);
    if (!found) throw new Error(`branch ${branch.id} is not alive`);
    return found;
  }

  tokensOf(branch: Branch): Token[] {
    return this.of(branch).told.flatMap((told) =>
      told.kind === "prefill" ? told.tokens : told.kind === "commit" ? [told.token] : [],
    );
  }

  /** Of the beginnings of `tokens` that stand in a branch, or are one up to its head, the longest one's length. */
  longestPrefix(tokens: readonly Token[], at: "any" | "head"): number {
    const lengths = this.active.map((branch) => {
      const own = this.tokensOf(branch);
      const differs = own.findIndex((token, i) => token !== tokens[i]);
      if (differs === -1) return own.length;
      return at === "any" ? differs : 0;
    });
    return Math.max(0, ...lengths);
  }

  childrenOf(parent: Branch): Branch[] {
    return this.living.filter((branch) => this.of(branch).parent === parent);
  }

  create(branch: Branch, told: readonly Told[]): void {
    this.branches.set(branch, { parent: undefined, forkHead: 0, cells: [], told, isParked: false });
  }

  fork(parent: Branch, child: Branch): void {
    const { cells, told } = this.of(parent);
    this.branches.set(child, { parent, forkHead: cells.length, cells, told, isParked: false });
  }

  /** A branch that was pruned meanwhile hears nothing any more. */
  tell(branch: Branch, ...told: readonly Told[]): void {
    const model = this.branches.get(branch);
    if (!model) return;
    const written = told.reduce((sum, each) => sum + lengthOf(each), 0);
    model.cells = [...model.cells, ...Array.from({ length: written }, () => ({}))];
    model.told = [...model.told, ...told];
  }

  pruneSubtree(branch: Branch): void {
    for (const child of this.childrenOf(branch)) this.pruneSubtree(child);
    this.branches.delete(branch);
  }
}

function heldBy({ isParked, cells, forkHead }: ModelBranch): readonly object[] {
  return isParked ? cells.slice(0, forkHead) : cells;
}

/** Cells that it takes. */
export function lengthOf(told: Told): number {
  return told.kind === "prefill" ? told.tokens.length : told.kind === "commit" ? 1 : 0;
}
