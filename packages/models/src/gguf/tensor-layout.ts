/** The sizes that decide the shapes of a model's tensors. */
export interface ModelSizes {
  vocabulary: number;
  embedding: number;
  layers: number;
  heads: number;
  headsKv: number;
  /** Of one key and of one value, which are equal in the families below. */
  head: number;
  feedForward: number;
  /** 0 for a model without experts. */
  experts: number;
}

export interface TensorShape {
  name: string;
  dims: readonly number[];
  /** Without it the model does not load. */
  required: boolean;
  /** A tensor that may stand in its place. */
  unless?: string;
}

type Layout = (sizes: ModelSizes) => TensorShape[];

/** The families whose tensors are checked one by one; of others only what holds for every model is. */
export const tensorLayouts: Readonly<Record<string, Layout>> = {
  llama: (sizes) => [...common(sizes), optional("rope_freqs.weight", sizes.head / 2)],
  qwen2: (sizes) => [...common({ ...sizes, experts: 0 }), optional("output.bias", sizes.vocabulary)],
  qwen3: (sizes) => [
    ...common({ ...sizes, experts: 0 }),
    ...perLayer(sizes, (layer) => [
      required(`${layer}.attn_q_norm.weight`, sizes.head),
      required(`${layer}.attn_k_norm.weight`, sizes.head),
    ]),
  ],
  gemma3: (sizes) => [
    ...common({ ...sizes, experts: 0 }),
    ...perLayer(sizes, (layer) => [
      required(`${layer}.attn_q_norm.weight`, sizes.head),
      required(`${layer}.attn_k_norm.weight`, sizes.head),
      required(`${layer}.post_attention_norm.weight`, sizes.embedding),
      required(`${layer}.post_ffw_norm.weight`, sizes.embedding),
    ]),
  ],
  phi3: (sizes) => common({ ...sizes, experts: 0 }, gatedUpLayer),
  chatglm: (sizes) => common({ ...sizes, experts: 0 }, gatedUpLayer),
};

function common(sizes: ModelSizes, feedForward = sizes.experts > 0 ? expertLayer : denseLayer): TensorShape[] {
  const { vocabulary, embedding, heads, head } = sizes;
  return [
    required("token_embd.weight", embedding, vocabulary),
    required("output_norm.weight", embedding),
    optional("output.weight", embedding, vocabulary), // else the embedding is used
    ...perLayer(sizes, (layer) => [
      required(`${layer}.attn_norm.weight`, embedding),
      ...attention(sizes, layer),
      required(`${layer}.attn_output.weight`, heads * head, embedding),
      required(`${layer}.ffn_norm.weight`, embedding),
      ...feedForward(sizes, layer),
    ]),
  ];
}

function attention({ embedding, heads, headsKv, head }: ModelSizes, layer: string): TensorShape[] {
  const widths = { q: heads * head, k: headsKv * head, v: headsKv * head };
  const fused = `${layer}.attn_qkv.weight`;
  return [
    optional(fused, embedding, widths.q + widths.k + widths.v),
    ...Object.entries(widths).flatMap(([part, width]) => [
      { ...required(`${layer}.attn_${part}.weight`, embedding, width), unless: fused },
      optional(`${layer}.attn_${part}.bias`, width),
    ]),
  ];
}

function denseLayer({ embedding, feedForward }: ModelSizes, layer: string): TensorShape[] {
  return [
    required(`${layer}.ffn_gate.weight`, embedding, feedForward),
    required(`${layer}.ffn_down.weight`, feedForward, embedding),
    required(`${layer}.ffn_up.weight`, embedding, feedForward),
  ];
}

/** The gate is the first half of the tensor that leads up. */
function gatedUpLayer({ embedding, feedForward }: ModelSizes, layer: string): TensorShape[] {
  return [
    required(`${layer}.ffn_down.weight`, feedForward, embedding),
    required(`${layer}.ffn_up.weight`, embedding, 2 * feedForward),
  ];
}

function expertLayer({ embedding, feedForward, experts }: ModelSizes, layer: string): TensorShape[] {
  return [
    required(`${layer}.ffn_gate_inp.weight`, embedding, experts),
    required(`${layer}.ffn_gate_exps.weight`, embedding, feedForward, experts),
    required(`${layer}.ffn_down_exps.weight`, feedForward, embedding, experts),
    required(`${layer}.ffn_up_exps.weight`, embedding, feedForward, experts),
  ];
}

function perLayer({ layers }: ModelSizes, shapes: (layer: string) => TensorShape[]): TensorShape[] {
  return Array.from({ length: layers }, (_, index) => shapes(`blk.${index}`)).flat();
}

function required(name: string, ...dims: number[]): TensorShape {
  return { name, dims, required: true };
}

function optional(name: string, ...dims: number[]): TensorShape {
  return { name, dims, required: false };
}
