import type { GgufValue } from "../gguf/gguf-file.ts";
import type { ModelSizes } from "../gguf/tensor-layout.ts";

interface RecurrentFamily {
  hyperparameters(sizes: ModelSizes): Record<string, GgufValue>;
  /** Dimensions of every tensor, by name. */
  tensors(sizes: ModelSizes): Record<string, number[]>;
}

const u32 = (value: number): GgufValue => ({ type: "u32", value });

const conv = 4;
const state = 16;
const rank = 4;

/** No attention at all: a state per layer, and nothing of the tokens. */
const mamba: RecurrentFamily = {
  hyperparameters: ({ embedding }) => ({
    feed_forward_length: u32(0),
    "attention.head_count": u32(0),
    "attention.head_count_kv": u32(0),
    "ssm.conv_kernel": u32(conv),
    "ssm.inner_size": u32(2 * embedding),
    "ssm.state_size": u32(state),
    "ssm.time_step_rank": u32(rank),
  }),
  tensors: ({ embedding, vocabulary, layers }) => ({
    "token_embd.weight": [embedding, vocabulary],
    "output_norm.weight": [embedding],
    ...perLayer(layers, () => ({
      "attn_norm.weight": [embedding],
      "ssm_in.weight": [embedding, 4 * embedding],
      "ssm_conv1d.weight": [conv, 2 * embedding],
      "ssm_conv1d.bias": [2 * embedding],
      "ssm_x.weight": [2 * embedding, rank + 2 * state],
      "ssm_dt.weight": [rank, 2 * embedding],
      "ssm_dt.bias": [2 * embedding],
      ssm_a: [state, 2 * embedding],
      ssm_d: [2 * embedding],
      "ssm_out.weight": [2 * embedding, embedding],
    })),
  }),
};

/** A hybrid: its first layer keeps the end of a convolution, the others attend. */
const lfm2: RecurrentFamily = {
  hyperparameters: ({ layers, headsKv, feedForward, heads }) => ({
    feed_forward_length: u32(feedForward),
    "attention.head_count": u32(heads),
    "attention.head_count_kv": {
      ...{ type: "array", items: "u32" },
      value: Uint32Array.from({ length: layers }, (_, layer) => (layer === 0 ? 0 : headsKv)),
    },
    "shortconv.l_cache": u32(conv),
  }),
  tensors: ({ embedding, vocabulary, layers, feedForward, headsKv, head }) => ({
    "token_embd.weight": [embedding, vocabulary],
    "token_embd_norm.weight": [embedding],
    ...perLayer(layers, (layer) => ({
      "attn_norm.weight": [embedding],
      "ffn_norm.weight": [embedding],
      "ffn_gate.weight": [embedding, feedForward],
      "ffn_up.weight": [embedding, feedForward],
      "ffn_down.weight": [feedForward, embedding],
      ...(layer === 0
        ? {
            "shortconv.conv.weight": [conv, embedding],
            "shortconv.in_proj.weight": [embedding, 3 * embedding],
            "shortconv.out_proj.weight": [embedding, embedding],
          }
        : {
            "attn_q_norm.weight": [head],
            "attn_k_norm.weight": [head],
            "attn_q.weight": [embedding, embedding],
            "attn_k.weight": [embedding, headsKv * head],
            "attn_v.weight": [embedding, headsKv * head],
            "attn_output.weight": [embedding, embedding],
          }),
    })),
  }),
};

export const recurrentFamilies = { mamba, lfm2 };

function perLayer(layers: number, tensorsOf: (layer: number) => Record<string, number[]>): Record<string, number[]> {
  const entries = Array.from({ length: layers }, (_, layer) =>
    Object.entries(tensorsOf(layer)).map(([name, dims]): [string, number[]] => [`blk.${layer}.${name}`, dims]),
  );
  return Object.fromEntries(entries.flat());
}
