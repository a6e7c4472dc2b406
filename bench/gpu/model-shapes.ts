/** The sizes of a Qwen3 model, which has a norm on queries and keys and shares its embedding with its output. */
export interface ModelShape {
  vocabulary: number;
  embedding: number;
  layers: number;
  heads: number;
  headsKv: number;
  head: number;
  feedForward: number;
}

export const modelShapes = {
  "qwen3-4b": {
    vocabulary: 151_936,
    embedding: 2560,
    layers: 36,
    heads: 32,
    headsKv: 8,
    head: 128,
    feedForward: 9728,
  },
  toy: { vocabulary: 1024, embedding: 256, layers: 2, heads: 4, headsKv: 2, head: 64, feedForward: 512 },
} satisfies Record<string, ModelShape>;

export interface TensorShape {
  name: string;
  /** Of norms one, of matrices two: columns, rows. */
  dims: readonly number[];
}

export function tensorsOf(shape: ModelShape): TensorShape[] {
  const { vocabulary, embedding, layers, heads, headsKv, head, feedForward } = shape;
  const layer = (i: number): TensorShape[] =>
    Object.entries({
      attn_norm: [embedding],
      attn_q: [embedding, heads * head],
      attn_k: [embedding, headsKv * head],
      attn_v: [embedding, headsKv * head],
      attn_q_norm: [head],
      attn_k_norm: [head],
      attn_output: [heads * head, embedding],
      ffn_norm: [embedding],
      ffn_gate: [embedding, feedForward],
      ffn_up: [embedding, feedForward],
      ffn_down: [feedForward, embedding],
    }).map(([name, dims]) => ({ name: `blk.${i}.${name}.weight`, dims }));
  return [
    { name: "token_embd.weight", dims: [embedding, vocabulary] },
    { name: "output_norm.weight", dims: [embedding] },
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
  ];
}

/** Keys and values of one cell, in 16 bits. */
export function cellBytes({ layers, headsKv, head }: ModelShape): number {
  return 2 * layers * headsKv * head * 2;
}
