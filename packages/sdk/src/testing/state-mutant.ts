import { joined } from "../state/encode-state.ts";
import { open, seal } from "../state/envelope.ts";
import { Random } from "./trees/random.ts";

export interface StateMutant {
  kind: string;
  /** Whether length and digest fit what was changed: nobody can tell then that a number inside the cells is another one. */
  isSealed: boolean;
  bytes: Uint8Array;
}

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array | Promise<Uint8Array>;

const numbers = [-1, 0, 1, 255, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 0.5, -(2 ** 40)];
const values = [...numbers, null, "", "1", "root ::= x", true, [], {}, [[]], "__proto__"];

/** Changed anywhere, as disks and cables do it. */
const damages: Record<string, Mutation> = {
  "a bit": (bytes, random) => {
    (bytes[random.below(bytes.length)] as number) ^= 1 << random.below(8);
    return bytes;
  },
  "a byte of the beginning": (bytes, random) => {
    (bytes[random.below(Math.min(200, bytes.length))] as number) ^= 1 + random.below(255);
    return bytes;
  },
  "a number": (bytes, random) => {
    const at = 4 * random.below(bytes.length >> 2);
    const view = new DataView(bytes.buffer);
    const before = view.getInt32(at, true);
    const after = random.pick([-1, 0, 1, 2 ** 31 - 1, -(2 ** 31)].filter((value) => value !== before));
    view.setInt32(at, after, true);
    return bytes;
  },
  "an end that is missing": (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  "more at the end": (bytes, random) => joined([bytes, new Uint8Array(1 + random.below(64))]),
  "a block that is moved": (bytes, random) => {
    const [from, to, length] = [random.below(bytes.length), random.below(bytes.length), 1 + random.below(64)];
    const before = bytes.slice();
    bytes.copyWithin(to, from, from + length);
    if (before.every((byte, i) => byte === bytes[i])) (bytes[to] as number) ^= 1;
    return bytes;
  },
};

/** Changed by somebody who seals it again. */
const forgeries: Record<string, Mutation> = {
  "a field": (bytes, random) => resealed(bytes, (header) => changeLeaf(header, random)),
  "three fields": (bytes, random) =>
    resealed(bytes, (header) => {
      for (let i = 0; i < 3; i++) changeLeaf(header, random);
    }),
  "a blob": (bytes, random) =>
    resealed(bytes, (_, blobs) => {
      const blob = random.pick(blobs.filter(({ length }) => length > 0));
      // Half of them near the beginning, where counts and positions stand.
      const at = random.below(random.chance(50) ? Math.min(64, blob.length) : blob.length);
      (blob[at] as number) ^= 1 + random.below(255);
    }),
  "a blob's length": (bytes, random) =>
    resealed(bytes, (_, blobs) => {
      const i = random.below(blobs.length);
      const blob = blobs[i] as Uint8Array;
      blobs[i] = random.chance(50)
        ? blob.slice(0, random.below(blob.length + 1))
        : new Uint8Array(Buffer.concat([blob, blob]));
    }),
  "blobs that change places": (bytes, random) =>
    resealed(bytes, (_, blobs) => {
      const [i, k] = [random.below(blobs.length), random.below(blobs.length)];
      [blobs[i], blobs[k]] = [blobs[k] as Uint8Array, blobs[i] as Uint8Array];
    }),
  "branches that change places": (bytes, random) =>
    resealed(bytes, ({ branches }) => {
      const list = branches as unknown[];
      list.push(...list.splice(random.below(list.length), 1));
    }),
};

/** A saved state that is wrong somewhere, of this seed. */
export async function stateMutant(state: Uint8Array, seed: number): Promise<StateMutant> {
  const random = new Random(seed);
  const isSealed = random.chance(50);
  const [kind, mutate] = random.pick(Object.entries(isSealed ? forgeries : damages));
  return { kind, isSealed, bytes: await mutate(Uint8Array.from(state), random) };
}

type Header = Record<string, unknown>;

async function resealed(bytes: Uint8Array, change: (header: Header, blobs: Uint8Array[]) => void): Promise<Uint8Array> {
  const { header, blobs } = await open(bytes);
  const copies = blobs.map((blob) => Uint8Array.from(blob));
  const { blobs: _lengths, ...rest } = header as Header;
  change(rest, copies);
  return await joined(await seal(rest, copies));
}

/** Walks down at random, and puts something else where it ends, or nothing. */
function changeLeaf(header: Header, random: Random): void {
  let here = header;
  for (;;) {
    const key = random.some(Object.keys(here), 1)[0];
    if (key === undefined) return;
    const below = here[key];
    if (typeof below === "object" && below !== null && !random.chance(10) && Object.keys(below).length > 0) {
      here = below as Header;
      continue;
    }
    if (random.chance(15)) delete here[key];
    else
      here[key] = typeof below === "number" && random.chance(50) ? below + random.pick([-1, 1]) : random.pick(values);
    return;
  }
}
