import { architectureOf, type GgufModel, typed } from "./gguf-model.ts";
import { type ModelSizes, tensorLayouts } from "./tensor-layout.ts";

/** The full name of a hyperparameter, such as `llama.block_count`. */
export function keyOf(model: GgufModel, name: string): string {
  return `${architectureOf(model)}.${name}`;
}

/** Whether it is of a family whose graph and tensors we know one by one. */
export function isWellKnown(model: GgufModel): boolean {
  return Object.hasOwn(tensorLayouts, architectureOf(model));
}

export function integer(model: GgufModel, name: string): number | undefined {
  return typed(model.metadata, keyOf(model, name), "u32");
}

/** A value for each layer, whether the file gives an array or one for all. Empty where it gives none. */
export function perLayer(model: GgufModel, name: string): readonly number[] {
  const found = model.metadata.get(keyOf(model, name));
  if (found?.type === "array") return Array.from(found.value as Uint32Array);
  if (found) return Array<number>(integer(model, "block_count")!).fill(found.value as number);
  return name === "attention.head_count_kv" ? perLayer(model, "attention.head_count") : [];
}

/** Elements of one key or value of one head. Asked only where there are heads. */
export function headLength(model: GgufModel, part: "key" | "value"): number {
  const shared = Math.floor(integer(model, "embedding_length")! / perLayer(model, "attention.head_count")[0]!);
  return integer(model, `attention.${part}_length`) ?? shared;
}

/** For a model of a well-known family that has kept the rules for its hyperparameters. */
export function sizesOf(model: GgufModel, vocabulary: number): ModelSizes {
  return {
    vocabulary,
    embedding: integer(model, "embedding_length")!,
    layers: integer(model, "block_count")! - (integer(model, "nextn_predict_layers") ?? 0),
    heads: perLayer(model, "attention.head_count")[0]!,
    headsKv: perLayer(model, "attention.head_count_kv")[0]!,
    head: headLength(model, "key"),
    feedForward: perLayer(model, "feed_forward_length")[0]!,
    experts: integer(model, "expert_count") ?? 0,
  };
}
