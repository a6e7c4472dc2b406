import { checkImage } from "../backend/check-image.ts";
import type { Capabilities, SequenceImage, TokenBias } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { requireToken } from "../backend/token-bias.ts";
import { StateInvalidError, StateMismatchError } from "../errors.ts";
import { type Opened, open } from "./envelope.ts";
import type { SavedBranch, SavedTree } from "./saved-branch.ts";

/** What of a context a state is compared with. */
export interface StateReader {
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly capabilities: Pick<Capabilities, "nVocab" | "nBatch" | "cellsPerToken" | "canSaveForks">;
}

/**
 * The branches of a state that this context can take, every field of them checked: form, digest, fingerprint, topology,
 * tokens and numbers. What the cells hold only the backend can tell.
 *
 * @param begin - forkHead of the first branch: above 0 where its parent is at hand and not in the state
 * @throws StateInvalidError, StateMismatchError
 */
export async function decodeState(bytes: Uint8Array, reader: StateReader, begin = 0): Promise<readonly SavedBranch[]> {
  const { fingerprint, branches } = treeOf(await open(bytes));
  requireSame(fingerprint, reader.fingerprint);
  for (const [i, branch] of branches.entries()) {
    try {
      checkPlace(i, branches, begin, reader.capabilities);
      for (const token of branch.tokens) requireToken(token, reader.capabilities.nVocab);
      checkImage(branch.image, reader.capabilities.nVocab);
    } catch (cause) {
      throw new StateInvalidError(`branch ${i} of the state cannot be.`, { branch: i }, cause);
    }
  }
  return branches;
}

/** Where the cells of a saved branch begin: after those of its parent, if a part can be saved and there are any. */
export function savedFrom(forkHead: number, { cellsPerToken, canSaveForks }: StateReader["capabilities"]): number {
  return cellsPerToken > 0 && canSaveForks ? forkHead : 0;
}

function requireSame(saved: SavedTree["fingerprint"], here: SavedTree["fingerprint"]): void {
  for (const field of new Set([...Object.keys(here), ...Object.keys(saved)])) {
    if (saved[field] !== here[field])
      throw new StateMismatchError({ field, saved: String(saved[field]), here: String(here[field]) });
  }
}

function checkPlace(
  i: number,
  branches: readonly SavedBranch[],
  begin: number,
  capabilities: StateReader["capabilities"],
): void {
  const { parent, forkHead, nBatch, tokens, image } = branches[i] as SavedBranch;
  const above = branches[parent];
  if (i === 0) require(parent === -1 && forkHead === begin, "the first branch has no parent");
  else {
    require(above !== undefined && parent < i, "a parent comes before its children");
    require(isCount(forkHead) && forkHead <= (above?.image.position ?? 0), "a fork begins within its parent");
    require(capabilities.cellsPerToken === 0 || capabilities.canSaveForks, "this model's forks cannot be saved");
  }
  require(image.from === savedFrom(forkHead, capabilities), "its cells begin where it left its parent");
  require(image.position === forkHead + tokens.length, "it has as many tokens as its position says");
  const isBatch = nBatch === undefined || (isCount(nBatch) && nBatch >= 1 && nBatch <= capabilities.nBatch);
  require(isBatch, "nBatch is within the context's");
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new StateInvalidError(`${what}.`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

type Fields = Readonly<Record<string, unknown>>;

function treeOf({ header, blobs }: Opened): SavedTree {
  const { fingerprint, branches } = fieldsOf("header", header);
  const list = listOf("branches", branches);
  require(list.length > 0, "there is a branch at least");
  require(blobs.length === 3 * list.length, "each branch has three blobs");
  return {
    fingerprint: textsOf(fieldsOf("fingerprint", fingerprint)),
    branches: list.map((branch, i) => branchOf(fieldsOf("branch", branch), blobs.slice(3 * i, 3 * i + 3))),
  };
}

function branchOf({ parent, forkHead, nBatch, image }: Fields, blobs: readonly Uint8Array[]): SavedBranch {
  const [tokens, row, cells] = blobs as [Uint8Array, Uint8Array, Uint8Array];
  return {
    parent: parent as number,
    forkHead: forkHead as number,
    nBatch: nBatch as number | undefined,
    tokens: [...new Int32Array(aligned(tokens))] as Token[],
    image: imageOf(fieldsOf("image", image), row, cells),
  };
}

/** With the types that JSON cannot hold; `checkImage` looks at all of it afterwards. */
function imageOf(fields: Fields, row: Uint8Array, cells: Uint8Array): SequenceImage {
  const { count, model, sampling } = fieldsOf("surprisals", fields.surprisals);
  return {
    ...(fields as unknown as SequenceImage),
    row: row.length > 0 ? new Float32Array(aligned(row)) : undefined,
    cells,
    logitBias: biasesOf(fields.logitBias),
    steer: biasesOf(fields.steer),
    surprisals: {
      count: count as number,
      model: (model ?? Number.POSITIVE_INFINITY) as number,
      sampling: (sampling ?? Number.POSITIVE_INFINITY) as number,
    },
  };
}

function biasesOf(pairs: unknown): TokenBias[] {
  return listOf("biases", pairs).map((pair) => {
    const [token, bias] = listOf("bias", pair);
    return { token: token as Token, bias: (bias ?? Number.NEGATIVE_INFINITY) as number };
  });
}

/** A copy, since numbers of four bytes lie at multiples of four. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  require(bytes.length % 4 === 0, "a blob of numbers has four bytes for each");
  return bytes.slice().buffer as ArrayBuffer;
}

function fieldsOf(what: string, value: unknown): Fields {
  require(typeof value === "object" && value !== null && !Array.isArray(value), `${what} is an object`);
  return value as Fields;
}

function listOf(what: string, value: unknown): unknown[] {
  require(Array.isArray(value), `${what} is a list`);
  return value as unknown[];
}

function textsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}
