import type { FixedArray, FixedType } from "./value-types.ts";

/** A metadata value with the type that it has in the file, which llama.cpp insists on. */
export type GgufValue =
  | { type: Exclude<FixedType, "u64" | "i64" | "bool">; value: number }
  | { type: "u64" | "i64"; value: bigint }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "array"; items: "string"; value: readonly string[] }
  | { type: "array"; items: FixedType; value: FixedArray };

export interface GgufTensor {
  name: string;
  /** Number of elements along each dimension, the one whose elements lie side by side first. */
  dims: readonly number[];
  /** A key of `tensorTypes`, in a file that was validated. */
  typeId: number;
  /** Bytes from the beginning of the data. */
  offset: number;
}

/** The header of one file: all but the tensors' data. */
export interface GgufFile {
  path: string;
  sizeBytes: number;
  version: number;
  metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of the file. */
  tensors: readonly GgufTensor[];
  /** Bytes of the header; the data begin at the next multiple of the alignment. */
  headerBytes: number;
}
