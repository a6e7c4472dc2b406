import type { GgufValue } from "../gguf/gguf-file.ts";
import { type ModelSizes, tensorLayouts } from "../gguf/tensor-layout.ts";
import type { TensorContent } from "../gguf/write-gguf.ts";
import { SeededRandom } from "./random.ts";
import { recurrentFamilies } from "./recurrent-layouts.ts";
import { type TinyTokenizer, tinyTokens, tokenizerMetadata } from "./tiny-tokenizer.ts";

/** One family for each way in which models differ to an engine. */
export const tinyArchitectures = ["llama", "phi3", "qwen2", "qwen3", "gemma3", "chatglm", "mamba", "lfm2"] as const;
export type TinyArchitecture = (typeof tinyArchitectures)[number];

export interface TinyModelOptions {
  /** Default `llama`. `gemma3` has a window of 32 tokens in one layer; `mamba` is recurrent, `lfm2` a hybrid. */
  architecture?: TinyArchitecture;
  /** Default `gpt2`, whose bytes are tokens one to one; `llama` reads a space as the three bytes of "▁". */
  tokenizer?: TinyTokenizer;
  /** Feed-forward networks per layer, of which two work on each token; only in the family `llama`. Default 0: one. */
  experts?: number;
  /** Of the weights. Default 0. */
  seed?: number;
}

/** Easier to change than what `writeGguf` takes at least. */
export interface TinyModel {
  metadata: Map<string, GgufValue>;
  tensors: TensorContent[];
}

const float32 = 0;
const quantised8 = 8;

/**
 * What `writeGguf` turns into a model of 200 kB that llama.cpp loads and decodes: two layers of random weights, and
 * a vocabulary of the 256 bytes and the ChatML literals. It writes nonsense, the same for one seed.
 *
 * @example
 * writeFileSync("tiny.gguf", writeGguf(tinyModel()));
 */
export function tinyModel(options: TinyModelOptions = {}): TinyModel {
  const { architecture = "llama", tokenizer = "gpt2", experts = 0, seed = 0 } = options;
  const sizes: ModelSizes = {
    vocabulary: tinyTokens(tokenizer).length,
    embedding: 64,
    layers: 2,
    heads: 2,
    headsKv: 1,
    head: 32,
    feedForward: 64,
    experts,
  };
  const random = new SeededRandom(seed);
  const shapes = shapesOf(architecture, sizes);
  return {
    metadata: new Map([
      ["general.architecture", { type: "string", value: architecture }],
      ["general.name", { type: "string", value: "tiny" }],
      ...hyperparameters(architecture, sizes),
      ...tokenizerMetadata(tokenizer),
    ]),
    tensors: shapes.map(({ name, dims }) => randomTensor(name, dims, random)),
  };
}

function shapesOf(architecture: TinyArchitecture, sizes: ModelSizes): { name: string; dims: readonly number[] }[] {
  if (!isRecurrent(architecture)) return tensorLayouts[architecture]!(sizes).filter(({ required }) => required);
  return Object.entries(recurrentFamilies[architecture].tensors(sizes)).map(([name, dims]) => ({ name, dims }));
}

function isRecurrent(architecture: TinyArchitecture): architecture is keyof typeof recurrentFamilies {
  return Object.hasOwn(recurrentFamilies, architecture);
}

function hyperparameters(architecture: TinyArchitecture, sizes: ModelSizes): [string, GgufValue][] {
  const integers = {
    context_length: 2048,
    embedding_length: sizes.embedding,
    block_count: sizes.layers,
    feed_forward_length: sizes.feedForward,
    "attention.head_count": sizes.heads,
    "attention.head_count_kv": sizes.headsKv,
    "attention.key_length": sizes.head,
    "attention.value_length": sizes.head,
    "rope.dimension_count": architecture === "chatglm" ? sizes.head / 2 : sizes.head,
    ...(architecture === "gemma3" ? { "attention.sliding_window": 32, "attention.sliding_window_pattern": 2 } : {}),
    vocab_size: sizes.vocabulary,
    ...(sizes.experts > 0 ? { expert_count: sizes.experts, expert_used_count: 2 } : {}),
  };
  const numbers = { "attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 10_000 };
  return [
    ...Object.entries(integers).map(([name, value]) => entry("u32", name, value)),
    ...Object.entries(numbers).map(([name, value]) => entry("f32", name, value)),
    ...Object.entries(isRecurrent(architecture) ? recurrentFamilies[architecture].hyperparameters(sizes) : {}).map(
      ([name, value]): [string, GgufValue] => [`${architecture}.${name}`, value],
    ),
  ];

  function entry(type: "u32" | "f32", name: string, value: number): [string, GgufValue] {
    return [`${architecture}.${name}`, { type, value }];
  }
}

function randomTensor(name: string, dims: readonly number[], random: SeededRandom): TensorContent {
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (/ffn_(gate|up|down)(_exps)?\./.test(name)) {
    return { name, dims, typeId: quantised8, data: randomBlocks(elements, random) };
  }
  // A state decays.
  const centre = name.endsWith("ssm_a") ? -1 : dims.length === 1 ? 1 : 0;
  // Norms scale by about one; matrices spread wide enough that two tokens differ by whole logits.
  const values = Float32Array.from({ length: elements }, () => centre + (random.fraction() - 0.5) * 0.6);
  return { name, dims, typeId: float32, data: new Uint8Array(values.buffer) };
}

/** Q8_0: blocks of a 16-bit scale, here 2^-9, and 32 signed bytes. */
function randomBlocks(elements: number, random: SeededRandom): Uint8Array {
  const scale = [0x00, 0x18];
  return Uint8Array.from({ length: (elements / 32) * 34 }, (_, index) => scale[index % 34] ?? random.below(256));
}
