import type { TokenBias } from "../backend/engine.ts";
import { seal } from "./envelope.ts";
import { inSlices } from "./in-slices.ts";
import type { SavedBranch, SavedTree } from "./saved-branch.ts";

/** The chunks of a state, to be written one after another. */
export async function encodeState({ fingerprint, branches }: SavedTree): Promise<Uint8Array[]> {
  return await seal({ fingerprint, branches: branches.map(headerOf) }, branches.flatMap(blobsOf));
}

/** In one piece. */
export async function joined(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  await inSlices(chunks, (slice) => {
    whole.set(slice, at);
    at += slice.length;
  });
  return whole;
}

// JSON writes an infinite number as null: below for a bias, above for a surprisal.
function headerOf({ parent, forkHead, nBatch, image }: SavedBranch) {
  const { row: _row, cells: _cells, logitBias, steer, ...plain } = image;
  return { parent, forkHead, nBatch, image: { ...plain, logitBias: pairs(logitBias), steer: pairs(steer) } };
}

function pairs(biases: readonly TokenBias[]) {
  return biases.map(({ token, bias }) => [token, bias]);
}

/** Three of each branch: tokens as i32, row as f32, cells. */
function blobsOf({ tokens, image }: SavedBranch): Uint8Array[] {
  const { row = new Float32Array() } = image;
  return [littleEndian(Int32Array.from(tokens)), littleEndian(row), image.cells];
}

/** All platforms that the backends run on have this order. */
function littleEndian({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
