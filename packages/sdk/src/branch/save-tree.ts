import type { SequenceHandle } from "../backend/ids.ts";
import { InvalidArgumentError } from "../errors.ts";
import { decodeState, savedFrom } from "../state/decode-state.ts";
import { encodeState, joined } from "../state/encode-state.ts";
import type { SavedBranch } from "../state/saved-branch.ts";
import { writeState } from "../state/state-file.ts";
import { type BranchNode, requireIdle, requireLive } from "./branch-node.ts";
import type { BranchTree } from "./branch-tree.ts";
import { subtreePreOrder } from "./lineage.ts";
import { requireSavable } from "./park.ts";

/** A branch with all of its descendants, or without. */
export type SaveScope = "subtree" | "branch";

/** See `BranchStore.save`. */
export async function saveBytes(tree: BranchTree, top: BranchNode, scope: SaveScope): Promise<Uint8Array> {
  return await joined(await saved(tree, top, scope));
}

/** See `BranchStore.saveFile`. */
export async function saveFile(tree: BranchTree, top: BranchNode, scope: SaveScope, path: string): Promise<void> {
  await writeState(path, await saved(tree, top, scope));
}

async function saved(tree: BranchTree, top: BranchNode, scope: SaveScope): Promise<Uint8Array[]> {
  if (scope !== "subtree" && scope !== "branch")
    throw new InvalidArgumentError("a scope is subtree or branch.", { scope: String(scope) });
  // What a parked fork shares is in its parent, which is not saved with it.
  requireIdle(top, "save");
  const nodes = scope === "branch" ? [top] : subtreePreOrder(top);
  for (const node of nodes) if (node !== top) requireSavable(tree, node);
  const branches = await tree.batches.hold("save", nodes, 0, async () => {
    const list: SavedBranch[] = [];
    for (const node of nodes)
      list.push(await savedBranch(tree, node, nodes.indexOf(node.parent as BranchNode), node === top));
    return list;
  });
  return await encodeState({ fingerprint: tree.engine.fingerprint, branches });
}

async function savedBranch(tree: BranchTree, node: BranchNode, parent: number, isTop: boolean): Promise<SavedBranch> {
  const forkHead = isTop ? 0 : node.forkHead;
  const from = savedFrom(forkHead, tree.engine.capabilities);
  const image = await (node.parked?.load() ?? tree.engine.save(node.sequence, from));
  requireLive(node, "save");
  return {
    parent: isTop ? -1 : parent,
    forkHead,
    nBatch: node.nBatch,
    tokens: tree.books.tokensOf(node).slice(forkHead),
    image,
  };
}

/** See `BranchStore.restore`. */
export async function restore(tree: BranchTree, bytes: Uint8Array): Promise<BranchNode> {
  const branches = await decodeState(bytes, tree.engine);
  const tokens = branches.reduce((sum, branch) => sum + branch.tokens.length, 0);
  return await tree.batches.hold("restore", [], tree.batches.cellsOf(tokens), async (promised) => {
    const sequences = await restoreSequences(tree, branches);
    promised.release();
    const nodes: BranchNode[] = [];
    for (const [i, branch] of branches.entries())
      nodes.push(tree.addRestored(sequences[i] as SequenceHandle, branch, nodes[branch.parent]));
    return nodes[0] as BranchNode;
  });
}

/** All of them or none. */
async function restoreSequences({ engine }: BranchTree, branches: readonly SavedBranch[]): Promise<SequenceHandle[]> {
  const sequences: SequenceHandle[] = [];
  try {
    for (const { image, parent } of branches) sequences.push(await engine.restore(image, sequences[parent]));
  } catch (error) {
    for (const sequence of sequences) engine.close(sequence);
    throw error;
  }
  return sequences;
}
