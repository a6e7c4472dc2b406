import type { GgufValue } from "../gguf/gguf-file.ts";
import { tensorTypes } from "../gguf/tensor-types.ts";
import { type FixedType, toFixedArray } from "../gguf/value-types.ts";
import type { TensorContent } from "../gguf/write-gguf.ts";
import type { SeededRandom } from "./random.ts";
import type { TinyModel } from "./tiny-model.ts";

/** Changes one thing in a well-formed file: what remains is a GGUF, but perhaps no model. */
export type ContentMutation = (model: TinyModel, random: SeededRandom) => void;

const integers = [
  0,
  1,
  2,
  3,
  7,
  31,
  33,
  63,
  65,
  128,
  255,
  256,
  512,
  513,
  1025,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const fractions = [
  0,
  -0.5,
  -1,
  1e-40,
  1e-5,
  0.5,
  1,
  1e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const words = [
  "",
  "llama",
  "qwen2",
  "qwen3",
  "phi3",
  "bert",
  "mamba",
  "gpt2",
  "none",
  "default",
  "whitespace",
  "linear",
  "yarn",
  "longrope",
  "%s%n",
  "a\0b",
];

/** Hyperparameters that llama.cpp reads for some family, or for all. */
const integerKeys = `vocab_size context_length embedding_length embedding_length_out block_count feed_forward_length
  leading_dense_block_count expert_count expert_used_count expert_shared_count expert_group_count
  expert_group_used_count expert_feed_forward_length expert_gating_func nextn_predict_layers n_deepstack_layers
  pooling_type attention.head_count attention.head_count_kv attention.key_length attention.value_length
  attention.key_length_swa attention.value_length_swa attention.sliding_window attention.sliding_window_pattern
  attention.q_lora_rank attention.kv_lora_rank attention.shared_kv_layers rope.dimension_count
  rope.dimension_count_swa rope.scaling.original_context_length`.split(/\s+/);
const fractionKeys = `attention.layer_norm_rms_epsilon attention.layer_norm_epsilon attention.max_alibi_bias
  attention.clamp_kqv attention.scale rope.freq_base rope.freq_base_swa rope.scale_linear rope.scaling.factor
  rope.scaling.alpha rope.scaling.attn_factor rope.scaling.yarn_log_multiplier rope.scaling.yarn_ext_factor
  rope.scaling.yarn_attn_factor rope.scaling.yarn_beta_fast rope.scaling.yarn_beta_slow logit_scale residual_scale
  embedding_scale attn_logit_softcapping final_logit_softcapping expert_weights_scale`.split(/\s+/);
const flagKeys = `attention.causal use_parallel_residual expert_weights_norm swin_norm rope.scaling.finetuned`.split(
  /\s+/,
);
const tokenIdKeys = `bos eos eot eom unknown seperator padding mask fim_pre fim_suf fim_mid fim_pad`.split(/\s+/);

export const contentMutations = {
  integer(model, random) {
    model.metadata.set(`${prefix(model)}.${random.pick(integerKeys)}`, { type: "u32", value: random.pick(integers) });
  },

  integersPerLayer(model, random) {
    const value = Uint32Array.from({ length: random.pick([0, 1, 2, 2, 2, 3]) }, () => random.pick(integers));
    model.metadata.set(`${prefix(model)}.${random.pick(integerKeys)}`, { type: "array", items: "u32", value });
  },

  fraction(model, random) {
    model.metadata.set(`${prefix(model)}.${random.pick(fractionKeys)}`, { type: "f32", value: random.pick(fractions) });
  },

  flag(model, random) {
    model.metadata.set(`${prefix(model)}.${random.pick(flagKeys)}`, { type: "bool", value: random.below(2) === 1 });
  },

  word(model, random) {
    const own = ["rope.scaling.type", "hidden_activation"].map((name) => `${prefix(model)}.${name}`);
    const shared = [
      "general.architecture",
      "general.type",
      "general.name",
      "tokenizer.ggml.model",
      "tokenizer.ggml.pre",
    ];
    model.metadata.set(random.pick([...own, ...shared, "tokenizer.chat_template"]), {
      type: "string",
      value: random.pick(words),
    });
  },

  alignment(model, random) {
    const value = random.pick([0, 1, 2, 3, 4, 8, 16, 33, 64, 4096, 65_536, 2 ** 31]);
    model.metadata.set("general.alignment", { type: "u32", value });
  },

  split(model, random) {
    const small = (): GgufValue => ({ type: random.pick(["u16", "u16", "u32"]), value: random.below(4) });
    for (const key of ["split.no", "split.count", "split.tensors.count"]) model.metadata.set(key, small());
  },

  missingKey(model, random) {
    model.metadata.delete(random.pick([...model.metadata.keys()]));
  },

  valueType(model, random) {
    const key = random.pick([...model.metadata.keys()]);
    model.metadata.set(key, otherType(model.metadata.get(key)!, random));
  },

  tensorType(model, random) {
    random.pick(model.tensors).typeId = random.pick([...tensorTypes.keys(), 4, 31, 43, 2 ** 31, 2 ** 32 - 1]);
  },

  /** The right number of bytes for another type, so that the offsets still agree. */
  tensorRetyped(model, random) {
    const tensor = random.pick(model.tensors);
    const [typeId, type] = random.pick([...tensorTypes]);
    const elements = tensor.dims.reduce((product, dim) => product * dim, 1);
    tensor.typeId = typeId;
    tensor.data = randomBytes(Math.ceil(elements / type.blockElements) * type.blockBytes, random);
  },

  tensorDims(model, random) {
    const tensor = random.pick(model.tensors);
    const dims = [...tensor.dims];
    dims[random.below(4)] = random.pick([0, 1, 2, 16, 32, 64, 128, 2 ** 31, 2 ** 40, 2 ** 52]);
    tensor.dims = Array.from(dims, (dim) => dim ?? 1);
  },

  tensorOffset(model, random) {
    random.pick(model.tensors).offset = random.pick([0, 1, 32, 64, 4096, 2 ** 31, 2 ** 40, 2 ** 52]);
  },

  tensorName(model, random) {
    const [one, other] = [random.pick(model.tensors), random.pick(model.tensors)];
    one.name = random.pick([other.name, "", "x".repeat(63), "x".repeat(64), `${one.name}\0`, "output.weight", "%s"]);
  },

  tensorsSwapped(model, random) {
    const [one, other] = [random.pick(model.tensors), random.pick(model.tensors)];
    [one.name, other.name] = [other.name, one.name];
  },

  missingTensor(model, random) {
    model.tensors.splice(random.below(model.tensors.length), random.pick([1, 1, model.tensors.length]));
  },

  moreTensors(model, random) {
    const name = random.pick([
      "output.weight",
      "rope_freqs.weight",
      "blk.0.attn_q.bias",
      "blk.0.attn_qkv.weight",
      "blk.2.attn_norm.weight",
      "output.bias",
      "cls.output.weight",
    ]);
    const dims = random.pick([[16], [32], [64], [64, 264], [64, 128], [264], [64, 2]]);
    const typeId = random.pick([0, 0, 1, 26, 30]);
    const { blockBytes } = tensorTypes.get(typeId)!;
    const elements = dims.reduce((product, dim) => product * dim, 1);
    model.tensors.push({ name, dims, typeId, data: randomBytes(elements * blockBytes, random) });
  },

  tokenId(model, random) {
    const value = random.pick([0, 255, 256, 263, 264, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
    model.metadata.set(`tokenizer.ggml.${random.pick(tokenIdKeys)}_token_id`, { type: "u32", value });
  },

  tokenText(model, random) {
    changeTexts(model, "tokenizer.ggml.tokens", (texts) => {
      const at = random.below(texts.length);
      const other = random.pick(texts);
      texts[at] = random.pick([
        other,
        "",
        "[EMPTY_3]",
        " ",
        "<0x-1>",
        "<0x",
        "<0xZZ>",
        "a\0b",
        "\0",
        "x".repeat(70_000),
      ]);
    });
  },

  tokenCount(model, random) {
    changeTexts(model, "tokenizer.ggml.tokens", (texts) => {
      if (random.below(2) === 0) texts.splice(random.below(texts.length), 1 + random.below(texts.length));
      else for (let left = 1 + random.below(300); left > 0; left--) texts.push(`more ${left}`);
    });
  },

  tokenTypes(model, random) {
    const length = tokenCount(model) + random.pick([0, 0, 0, -1, 1]);
    const one = random.below(8);
    const value = Int32Array.from({ length }, () => random.pick([one, random.below(8), -1]));
    model.metadata.set("tokenizer.ggml.token_type", { type: "array", items: "i32", value });
  },

  tokenScores(model, random) {
    const length = tokenCount(model) + random.pick([0, 0, -1, 1]);
    const value = Float32Array.from({ length }, () => random.pick(fractions));
    model.metadata.set("tokenizer.ggml.scores", { type: "array", items: "f32", value });
  },

  merges(model, random) {
    const value = Array.from({ length: random.below(5) }, () =>
      random.pick(["", " ", "a", "a ", " b", "a b", "a  b", "\0 b"]),
    );
    model.metadata.set("tokenizer.ggml.merges", { type: "array", items: "string", value });
  },
} satisfies Record<string, ContentMutation>;

function prefix(model: TinyModel): string {
  const architecture = model.metadata.get("general.architecture");
  return architecture?.type === "string" ? architecture.value : "llama";
}

function tokenCount(model: TinyModel): number {
  const tokens = model.metadata.get("tokenizer.ggml.tokens");
  return tokens?.type === "array" ? tokens.value.length : 0;
}

function changeTexts(model: TinyModel, key: string, change: (texts: string[]) => void): void {
  const found = model.metadata.get(key);
  if (found?.type !== "array" || found.items !== "string") return;
  const value = [...found.value];
  change(value);
  model.metadata.set(key, { type: "array", items: "string", value });
}

/** The same value, as far as it goes, in another type. */
function otherType(value: GgufValue, random: SeededRandom): GgufValue {
  if (value.type === "array") {
    if (value.items === "string") return { type: "array", items: "u8", value: new Uint8Array(value.value.length) };
    const items = random.pick<FixedType>(["u8", "u16", "u32", "i32", "f32", "u64", "f64", "bool"]);
    return { type: "array", items, value: toFixedArray(items, new Uint8Array(value.value.length * 8)) };
  }
  const number = Number(value.value) || 0;
  return random.pick<GgufValue>([
    { type: "u8", value: number },
    { type: "u64", value: BigInt(Math.trunc(number)) },
    { type: "i32", value: number },
    { type: "f32", value: number },
    { type: "bool", value: number !== 0 },
    { type: "string", value: String(value.value) },
    { type: "array", items: "u32", value: Uint32Array.of(number, number) },
  ]);
}

function randomBytes(length: number, random: SeededRandom): TensorContent["data"] {
  return Uint8Array.from({ length }, () => random.below(256));
}
