// Gives a real model to the native loader, again and again, each time with one bit of its header turned. Arguments: a copy
// of the model that may be changed, the first seed, how many.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { type GgufFile, readGguf } from "@lloyal-labs/models/gguf";
import { Random } from "@lloyal-labs/sdk/testing";
import { tryFile } from "./gguf-trial.ts";

const [path = "", firstSeed = "0", count = "0"] = process.argv.slice(2);
const header = await readGguf(path);
// Of the list of tensors, which ends the header: name, number of dimensions, dimensions, type, offset.
const tensorBytes = header.tensors.reduce(
  (sum, { name, dims }) => sum + 8 + name.length + 4 + 8 * dims.length + 4 + 8,
  0,
);

const file = openSync(path, "r+");
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(count); seed++) {
  const { kind, at, bit } = flipOf(seed, header);
  turn(at, bit);
  await tryFile(seed, kind, path);
  turn(at, bit);
}
closeSync(file);

/** Mostly where much hangs on a bit: the texts of the vocabulary are the bulk of the header. */
function flipOf(seed: number, { headerBytes }: GgufFile): { kind: string; at: number; bit: number } {
  const random = new Random(seed);
  const bit = random.below(8);
  const tensors = headerBytes - tensorBytes;
  switch (random.below(3)) {
    case 0:
      return { kind: "counts and keys", at: random.below(2_000), bit };
    case 1:
      return { kind: "tensors", at: tensors + random.below(tensorBytes), bit };
    default:
      return { kind: "anywhere", at: random.below(headerBytes), bit };
  }
}

function turn(at: number, bit: number): void {
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ (1 << bit);
  writeSync(file, byte, 0, 1, at);
}
