import type { SequenceImage } from "../backend/engine.ts";
import { InvalidArgumentError, StateInvalidError } from "../errors.ts";
import { decodeState, savedFrom } from "../state/decode-state.ts";
import { encodeState } from "../state/encode-state.ts";
import { readState, writeState } from "../state/state-file.ts";
import { type BranchNode, requireIdle, requireLive } from "./branch-node.ts";
import type { BranchTree } from "./branch-tree.ts";
import { assertLeaf } from "./lineage.ts";

/** See `Branch.park`. */
export async function park(tree: BranchTree, node: BranchNode, path?: string): Promise<void> {
  requireIdle(node, "park");
  // Its children would lose what they share with it, and its parent must stay to keep what it shares.
  assertLeaf(node);
  requireSavable(tree, node);
  await tree.batches.hold("park", [node], 0, async () => {
    const image = await tree.engine.save(node.sequence, savedFrom(node.forkHead, tree.engine.capabilities));
    const load = path === undefined ? async () => image : await written(tree, node, image, path);
    requireLive(node, "park");
    tree.leave(node, load);
  });
}

/** See `Branch.unpark`. */
export async function unpark(tree: BranchTree, node: BranchNode): Promise<void> {
  requireLive(node, "unpark");
  const { parked } = node;
  if (!parked && !node.inFlight) return;
  await tree.batches.hold("unpark", [node], parked?.cells ?? 0, async (promised) => {
    const image = await node.parked?.load();
    requireLive(node, "unpark");
    if (!image) return;
    const sequence = await tree.engine.restore(image, image.from > 0 ? node.parent?.sequence : undefined);
    if (node.disposed) tree.engine.close(sequence);
    requireLive(node, "unpark");
    promised.release();
    tree.comeBack(node, sequence);
  });
}

/** Throws InvalidArgumentError with the reason where the model does not let a fork be saved without its parent. */
export function requireSavable({ engine }: BranchTree, { id, forkHead }: BranchNode): void {
  const { canSaveForks, recurrent } = engine.capabilities;
  if (canSaveForks || forkHead === 0) return;
  const reason = recurrent ? "a state that goes over all tokens" : "a sliding window that gives cells away";
  throw new InvalidArgumentError(`this model has ${reason}: only roots can be parked, and trees of one branch saved.`, {
    branch: id,
  });
}

/** What reads the image back from the file. It has to be the very one that was written. */
async function written(tree: BranchTree, node: BranchNode, image: SequenceImage, path: string) {
  const { engine } = tree;
  const { nBatch, forkHead } = node;
  const branch = { parent: -1, forkHead, nBatch, tokens: tree.books.tokensOf(node).slice(forkHead), image };
  const chunks = await encodeState({ fingerprint: engine.fingerprint, branches: [branch] });
  await writeState(path, chunks);
  const digest = chunks.at(-1) as Uint8Array;
  return async (): Promise<SequenceImage> => {
    const bytes = await readState(path);
    const [saved] = await decodeState(bytes, engine, forkHead);
    if (!saved || Buffer.compare(bytes.subarray(-digest.length), digest) !== 0)
      throw new StateInvalidError(`${path} is no longer the file of this branch.`, { path, branch: node.id });
    return saved.image;
  };
}
