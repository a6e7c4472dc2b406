import type { GgufTensor, GgufValue } from "./gguf-file.ts";
import { toBytes, valueTypes } from "./value-types.ts";

/** What goes into a file. Nothing is checked: tests write bad files with it. */
export interface GgufContent {
  /** Default 3. */
  version?: number;
  /** Entries rather than a map, so that a key can stand twice. */
  metadata: Iterable<readonly [key: string, value: GgufValue]>;
  tensors: readonly TensorContent[];
}

export interface TensorContent extends Omit<GgufTensor, "offset"> {
  /** Default: the end of the tensor before, rounded up to the alignment. */
  offset?: number;
  data: Uint8Array;
}

const defaultAlignment = 32;
const alignmentMax = 2 ** 16;

/**
 * The bytes of a GGUF file.
 *
 * @example
 * writeGguf({
 *   metadata: [["general.architecture", { type: "string", value: "llama" }]],
 *   tensors: [{ name: "output_norm.weight", dims: [2], typeId: 0, data: new Uint8Array(8) }],
 * });
 */
export function writeGguf({ version = 3, metadata, tensors }: GgufContent): Uint8Array {
  const entries = [...metadata];
  const alignment = alignmentOf(entries);
  const header: Uint8Array[] = [
    Buffer.from("GGUF"),
    toBytes("u32", version),
    toBytes("u64", tensors.length),
    toBytes("u64", entries.length),
  ];
  for (const [key, value] of entries) header.push(textBytes(key), ...valueBytes(value));

  const data: Uint8Array[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const dims = tensor.dims.map((dim) => toBytes("u64", dim));
    header.push(textBytes(tensor.name), toBytes("u32", dims.length), ...dims);
    header.push(toBytes("u32", tensor.typeId), toBytes("u64", tensor.offset ?? end));
    const padded = padTo(alignment, [tensor.data]);
    data.push(padded);
    end += padded.length;
  }
  return Buffer.concat([padTo(alignment, header), ...data]);
}

function alignmentOf(entries: readonly (readonly [string, GgufValue])[]): number {
  const found = entries.find(([key]) => key === "general.alignment")?.[1];
  // One that no reader accepts is written, but not followed: its padding could fill the memory.
  const fits = found?.type === "u32" && found.value > 0 && found.value <= alignmentMax;
  return fits ? found.value : defaultAlignment;
}

function padTo(alignment: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, Math.ceil(length / alignment) * alignment);
}

function textBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([toBytes("u64", bytes.length), bytes]);
}

function valueBytes(value: GgufValue): Uint8Array[] {
  const type = toBytes("u32", valueTypes.indexOf(value.type));
  if (value.type === "string") return [type, textBytes(value.value)];
  if (value.type !== "array") return [type, toBytes(value.type, value.value)];
  const head = [type, toBytes("u32", valueTypes.indexOf(value.items)), toBytes("u64", value.value.length)];
  if (value.items === "string") return [...head, ...value.value.map(textBytes)];
  const { buffer, byteOffset, byteLength } = value.value;
  return [...head, new Uint8Array(buffer, byteOffset, byteLength)];
}
