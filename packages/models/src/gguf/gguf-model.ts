import type { GgufFile, GgufTensor, GgufValue } from "./gguf-file.ts";

/** A model as its headers describe it: one file, or the parts of a split one, in order. */
export interface GgufModel {
  /** The first file. */
  path: string;
  files: readonly GgufFile[];
  /** Of the first file. */
  metadata: ReadonlyMap<string, GgufValue>;
  /** Of all files. */
  tensors: readonly GgufTensor[];
}

type ScalarType = Exclude<GgufValue["type"], "array">;

// biome-ignore format: a table
type ScalarOf<T extends ScalarType> =
  T extends "string" ? string : T extends "bool" ? boolean : T extends "u64" | "i64" ? bigint : number;

/** The value of `key` where it has that type: llama.cpp converts none into another. */
export function typed<T extends ScalarType>(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  type: T,
): ScalarOf<T> | undefined {
  const found = metadata.get(key);
  return found?.type === type ? (found.value as ScalarOf<T>) : undefined;
}

/** The items of an array of texts. */
export function texts(metadata: ReadonlyMap<string, GgufValue>, key: string): readonly string[] | undefined {
  const found = metadata.get(key);
  return found?.type === "array" && found.items === "string" ? found.value : undefined;
}

/** What stands under `key`, in words for a message. */
export function describeValue(metadata: ReadonlyMap<string, GgufValue>, key: string): string {
  const found = metadata.get(key);
  if (!found) return "missing";
  return found.type === "array" ? `an array of ${found.value.length} ${found.items}` : `a value of type ${found.type}`;
}

/** The family, such as `llama`; the prefix of its hyperparameters. */
export function architectureOf(model: Pick<GgufModel, "metadata">): string {
  return typed(model.metadata, "general.architecture", "string") ?? "";
}
