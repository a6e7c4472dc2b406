// What stands around every state that is written down:
//
//    0  8 bytes  "LLOYALST"
//    8  u32      version of this form
//   12  u32      bytes of the header
//   16  u64      bytes of the whole, digest included
//   24           header, JSON; its `blobs` are the lengths of what follows
//                blobs, one after another
//   -32          SHA-256 of all before it
//
// Numbers are little-endian. Nothing is taken out before the whole was found to be what was sealed.
import { constants } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { InvalidArgumentError, StateInvalidError, StateMismatchError } from "../errors.ts";
import { inSlices } from "./in-slices.ts";

const magic = "LLOYALST";
const version = 1;
const prefixBytes = 24;
const digestBytes = 32;
/** A tree of 256 branches with full windows stays far below it. */
const headerMax = 2 ** 28;

export interface Opened {
  readonly header: unknown;
  readonly blobs: readonly Uint8Array[];
}

/**
 * The chunks of an envelope, in order. Blobs are not copied, and must not change until it is done.
 *
 * @throws InvalidArgumentError for more than can be read back in one piece
 */
export async function seal(header: object, blobs: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const text = new TextEncoder().encode(JSON.stringify({ ...header, blobs: blobs.map(({ length }) => length) }));
  const prefix = new Uint8Array(prefixBytes);
  const view = new DataView(prefix.buffer);
  const size = blobs.reduce((sum, { length }) => sum + length, prefixBytes + text.length + digestBytes);
  if (size > constants.MAX_LENGTH)
    throw new InvalidArgumentError("this state has more bytes than can be read back: save fewer branches at once.", {
      size,
      most: constants.MAX_LENGTH,
    });
  prefix.set(new TextEncoder().encode(magic));
  view.setUint32(8, version, true);
  view.setUint32(12, text.length, true);
  view.setBigUint64(16, BigInt(size), true);
  const chunks = [prefix, text, ...blobs];
  return [...chunks, await digestOf(chunks)];
}

/**
 * What `seal` was given. The blobs are parts of `given`, which must not change meanwhile.
 *
 * @throws StateInvalidError for anything but what `seal` gave, StateMismatchError for another version
 */
export async function open(given: Uint8Array): Promise<Opened> {
  if (!(given instanceof Uint8Array)) throw new StateInvalidError("a state is a Uint8Array.");
  // A Buffer is one too, but its slices are no copies.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length < prefixBytes + digestBytes) throw damaged("is shorter than an empty one", bytes.length);
  if (new TextDecoder("latin1").decode(bytes.subarray(0, 8)) !== magic) throw damaged("does not begin like one", 0);
  const view = new DataView(given.buffer, given.byteOffset, given.byteLength);
  const found = view.getUint32(8, true);
  if (found !== version)
    throw new StateMismatchError({ field: "a form of version", saved: String(found), here: String(version) });
  const end = bytes.length - digestBytes;
  const headerEnd = prefixBytes + view.getUint32(12, true);
  if (view.getBigUint64(16, true) !== BigInt(bytes.length)) throw damaged("has another length than it says", 16);
  if (headerEnd > end || headerEnd > prefixBytes + headerMax) throw damaged("ends within its header", 12);
  const expected = bytes.slice(end);
  if (!timingSafeEqual(await digestOf([bytes.subarray(0, end)]), expected))
    throw damaged("does not have its digest", end);
  const header = parse(bytes.subarray(prefixBytes, headerEnd));
  return { header, blobs: cut(bytes.subarray(headerEnd, end), header) };
}

async function digestOf(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const hash = createHash("sha256");
  await inSlices(chunks, (slice) => hash.update(slice));
  return new Uint8Array(hash.digest());
}

function parse(bytes: Uint8Array): { blobs?: unknown } {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null) return header;
  } catch (cause) {
    throw new StateInvalidError("the state's header is no JSON.", {}, cause);
  }
  throw new StateInvalidError("the state's header is no object.");
}

function cut(bytes: Uint8Array, { blobs: lengths }: { blobs?: unknown }): Uint8Array[] {
  if (!Array.isArray(lengths)) throw new StateInvalidError("the state's header names no blobs.");
  let at = 0;
  const blobs = lengths.map((length) => {
    if (!Number.isSafeInteger(length) || length < 0 || length > bytes.length - at)
      throw new StateInvalidError("a blob of the state is not within it.", { length: String(length) });
    at += length;
    return bytes.subarray(at - length, at);
  });
  if (at !== bytes.length) throw new StateInvalidError("the state has more bytes than blobs.");
  return blobs;
}

function damaged(what: string, at: number): StateInvalidError {
  return new StateInvalidError(`this state ${what}.`, { at });
}
