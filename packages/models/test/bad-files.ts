import type { GgufValue } from "../src/gguf/gguf-file.ts";
import { type GgufContent, writeGguf } from "../src/gguf/write-gguf.ts";
import { type TinyModel, type TinyModelOptions, tinyModel } from "../src/testing/index.ts";

/** A file that must be refused, and the rule that refuses it. */
export interface BadFile {
  rule: string;
  what: string;
  bytes: () => Uint8Array;
}

function file(rule: string, what: string, bytes: () => Uint8Array): BadFile {
  return { rule, what, bytes };
}

/** The tiny model with something changed. */
function model(rule: string, what: string, change: (tiny: TinyModel) => void, options?: TinyModelOptions): BadFile {
  return file(rule, what, () => {
    const tiny = tinyModel(options);
    change(tiny);
    return writeGguf(tiny);
  });
}

function value(rule: string, key: string, found: GgufValue, options?: TinyModelOptions): BadFile {
  const shown = found.type === "array" ? `${found.value.length} ${found.items}` : found.value;
  return model(rule, `${key} is ${shown} (${found.type})`, ({ metadata }) => metadata.set(key, found), options);
}

function missing(rule: string, key: string, options?: TinyModelOptions): BadFile {
  return model(rule, `${key} is missing`, ({ metadata }) => metadata.delete(key), options);
}

/** A header with these entries and no tensors. */
function header(rule: string, what: string, metadata: GgufContent["metadata"], patch?: (bytes: Buffer) => void) {
  return file(rule, what, () => {
    const bytes = Buffer.from(writeGguf({ metadata, tensors: [] }));
    patch?.(bytes);
    return bytes;
  });
}

const u32 = (found: number): GgufValue => ({ type: "u32", value: found });
const u32s = (...found: number[]): GgufValue => ({ type: "array", items: "u32", value: Uint32Array.from(found) });
const f32 = (found: number): GgufValue => ({ type: "f32", value: found });
const text = (found: string): GgufValue => ({ type: "string", value: found });
const texts = (...found: string[]): GgufValue => ({ type: "array", items: "string", value: found });

const tokensKey = "tokenizer.ggml.tokens";
const typesKey = "tokenizer.ggml.token_type";
const scoresKey = "tokenizer.ggml.scores";
const spm: TinyModelOptions = { tokenizer: "llama" };

function changeTokens(rule: string, what: string, change: (tokens: string[]) => void, options?: TinyModelOptions) {
  return model(
    rule,
    what,
    ({ metadata }) => {
      const found = metadata.get(tokensKey) as { value: readonly string[] };
      const tokens = [...found.value];
      change(tokens);
      metadata.set(tokensKey, { type: "array", items: "string", value: tokens });
    },
    options,
  );
}

function changeTypes(rule: string, what: string, change: (types: Int32Array) => void, options?: TinyModelOptions) {
  return model(rule, what, ({ metadata }) => change((metadata.get(typesKey) as { value: Int32Array }).value), options);
}

function changeTensor(rule: string, what: string, change: (tensor: TinyModel["tensors"][number]) => void, index = 0) {
  return model(rule, what, ({ tensors }) => change(tensors[index]!));
}

/** The first entry of `header` begins after magic, version and counts; the text of its key after its length. */
const firstKey = 24;

const headers: readonly BadFile[] = [
  file("magic", "it is empty", () => new Uint8Array()),
  file("magic", "it is a page", () => Buffer.from("<!doctype html><title>Sign in</title>")),
  header("version", "its version is 1", [], (bytes) => bytes.writeUInt32LE(1, 4)),
  header("version", "it is big-endian", [], (bytes) => bytes.writeUInt32BE(3, 4)),
  header("count", "it claims 2^63 tensors", [], (bytes) => bytes.writeBigUInt64LE(2n ** 63n, 8)),
  header("count", "it claims 2^64 - 1 keys", [], (bytes) => bytes.writeBigUInt64LE(2n ** 64n - 1n, 16)),
  header("count", "it claims more keys than fit", [["a", u32(1)]], (bytes) => bytes.writeUInt32LE(9_000, 16)),
  header("count", "an array claims 2^61 numbers", [["a", u32s(1, 2)]], (bytes) => {
    bytes.writeBigUInt64LE(2n ** 61n, firstKey + 8 + 1 + 4 + 4);
  }),
  header("textBytes", "a key claims 2^63 bytes", [["a", u32(1)]], (bytes) =>
    bytes.writeBigUInt64LE(2n ** 63n, firstKey),
  ),
  header("truncated", "a key claims more than is left", [["a", u32(1)]], (bytes) => bytes.writeUInt32LE(999, firstKey)),
  header("textIsUtf8", "a key is no UTF-8", [["a", u32(1)]], (bytes) => bytes.writeUInt8(0xff, firstKey + 8)),
  header("keyIsEmpty", "a key is empty", [["", u32(1)]]),
  header("keysAreDistinct", "a key stands twice", [
    ["a", u32(1)],
    ["a", u32(2)],
  ]),
  header("valueTypeIsKnown", "a value is of type 13", [["a", u32(1)]], (bytes) =>
    bytes.writeUInt32LE(13, firstKey + 9),
  ),
  header("valueTypeIsKnown", "an array holds arrays", [["a", u32s(1)]], (bytes) =>
    bytes.writeUInt32LE(9, firstKey + 13),
  ),
  changeTensor("tensorDimensions", "a tensor has five dimensions", (tensor) => {
    tensor.dims = [1, 1, 1, 1, 1];
  }),
  changeTensor("tensorDimensions", "a tensor has no dimension", (tensor) => {
    tensor.dims = [];
  }),
];

const containers: readonly BadFile[] = [
  value("alignmentIsUsable", "general.alignment", u32(0)),
  value("alignmentIsUsable", "general.alignment", u32(3)),
  value("alignmentIsUsable", "general.alignment", u32(16)),
  value("alignmentIsUsable", "general.alignment", u32(2 ** 31)),
  value("alignmentIsUsable", "general.alignment", { type: "u64", value: 32n }),
  changeTensor("tensorNamesAreShort", "a name has 64 bytes", (tensor) => {
    tensor.name = "x".repeat(64);
  }),
  changeTensor("tensorNamesAreShort", "a name ends early", (tensor) => {
    tensor.name += "\0s";
  }),
  model("tensorNamesAreDistinct", "two tensors have one name", ({ tensors }) => {
    tensors[1]!.name = tensors[0]!.name;
  }),
  changeTensor("tensorTypesAreForWeights", "a type was given up", (tensor) => {
    tensor.typeId = 4;
  }),
  changeTensor("tensorTypesAreForWeights", "a matrix holds indices", (tensor) => {
    tensor.typeId = 26;
  }),
  changeTensor("tensorTypesAreForWeights", "a matrix is an intermediate result", (tensor) => {
    tensor.typeId = 15;
  }),
  changeTensor("tensorsAreNotEmpty", "a tensor is empty", (tensor) => {
    tensor.dims = [64, 0];
  }),
  changeTensor("tensorRowsAreWholeBlocks", "a row ends inside a block", (tensor) => {
    tensor.typeId = 12;
  }),
  changeTensor("tensorsFitTheFile", "a tensor is longer than the file", (tensor) => {
    tensor.dims = [64, 2 ** 40];
  }),
  changeTensor("tensorsFitTheFile", "a number of elements overflows", (tensor) => {
    tensor.dims = [2 ** 32, 2 ** 32, 2 ** 32, 2 ** 32];
  }),
  changeTensor("tensorsFollowEachOther", "two tensors overlap", (tensor) => (tensor.offset = 0), 1),
  changeTensor("tensorsFollowEachOther", "a tensor lies beyond the end", (tensor) => (tensor.offset = 2 ** 50), 1),
  changeTensor("tensorsFollowEachOther", "a tensor is not aligned", (tensor) => (tensor.offset = 4), 0),
  file("tensorsEndInTheFile", "the last tensor is cut", () => writeGguf(tinyModel()).slice(0, -100)),
  model("vectorsAreExact", "a norm is rounded", ({ tensors }) => {
    const norm = tensors.find(({ name }) => name === "output_norm.weight")!;
    Object.assign(norm, { typeId: 1, data: new Uint8Array(128) });
  }),
];

const identities: readonly BadFile[] = [
  value("fileIsModel", "general.type", text("adapter")),
  value("fileIsModel", "general.type", u32(1)),
  missing("architectureIsKnown", "general.architecture"),
  value("architectureIsKnown", "general.architecture", text("llama99")),
  value("architectureIsDecoder", "general.architecture", text("bert")),
  value("architectureIsDecoder", "general.architecture", text("t5")),
  value("architectureIsDecoder", "general.architecture", text("t5")),
  value("architectureIsDecoder", "general.architecture", text("clip")),
  model("modelHasWeights", "it is a vocabulary only", ({ tensors }) => tensors.splice(0)),
  value("attentionIsCausal", "llama.attention.causal", { type: "bool", value: false }),
  value("modelDoesNotPool", "llama.pooling_type", u32(3)),
  value("modelDoesNotPool", "llama.pooling_type", u32(77)),
];

const vocabularies: readonly BadFile[] = [
  missing("tokenizerIsKnown", "tokenizer.ggml.model"),
  value("tokenizerIsKnown", "tokenizer.ggml.model", text("no_vocab")),
  value("tokenizerIsKnown", "tokenizer.ggml.model", text("bert")),
  value("preTokenizerFits", "tokenizer.ggml.pre", text("whitespace")),
  missing("mergesAreTexts", "tokenizer.ggml.merges"),
  value("mergesAreTexts", "tokenizer.ggml.merges", u32s(1, 2)),
  value("mergesArePairs", "tokenizer.ggml.merges", texts("t h", "the")),
  value("mergesArePairs", "tokenizer.ggml.merges", texts("t ")),
  missing("tokensAreTexts", tokensKey),
  value("tokensAreTexts", tokensKey, texts()),
  value("tokensAreTexts", tokensKey, u32s(1, 2)),
  changeTokens("tokensAreDistinct", "two tokens have one text", (tokens) => (tokens[7] = tokens[3]!)),
  changeTokens("tokensAreDistinct", "a token is like another up to a zero byte", (tokens) => (tokens[7] = "!\0?")),
  changeTokens("tokensAreDistinct", "a token has the name of an empty one", (tokens) => {
    tokens.splice(7, 2, "", "[EMPTY_7]");
  }),
  value("turnTokensExist", "tokenizer.ggml.bos_token_id", u32(264)),
  value("turnTokensExist", "tokenizer.ggml.eos_token_id", u32(2 ** 32 - 1)),
  value("turnTokensExist", "tokenizer.ggml.eos_token_id", text("<|im_end|>")),
  value("scoresFitTokens", scoresKey, { type: "array", items: "f32", value: new Float32Array(263) }),
  value("scoresFitTokens", scoresKey, { type: "array", items: "f64", value: new Float64Array(264) }),
  value("scoresAreFinite", scoresKey, { type: "array", items: "f32", value: new Float32Array(264).fill(Number.NaN) }),
  value("scoresAreFinite", scoresKey, { type: "array", items: "f32", value: new Float32Array(264).fill(-Infinity) }),
  value("tokenTypesFitTokens", typesKey, { type: "array", items: "i32", value: new Int32Array(265) }),
  changeTypes("tokenTypesAreKnown", "a token is of type 7", (types) => (types[5] = 7)),
  changeTokens("byteTokensNameBytes", "a byte is <0x-1>", (tokens) => (tokens[5] = "<0x-1>"), spm),
  changeTokens("byteTokensNameBytes", "a byte is <0x", (tokens) => (tokens[5] = "<0x"), spm),
  model(
    "everyByteHasToken",
    "a byte has no token",
    ({ metadata }) => {
      const tokens = [...(metadata.get(tokensKey) as { value: readonly string[] }).value];
      const types = (metadata.get(typesKey) as { value: Int32Array }).value;
      tokens[200] = "ordinary";
      types[200] = 1;
      metadata.set(tokensKey, { type: "array", items: "string", value: tokens });
    },
    spm,
  ),
  changeTypes("bytesStructureNothing", "a letter is a control token", (types) => (types[0x61] = 3)),
  changeTypes("bytesStructureNothing", "a letter is user-defined", (types) => (types[0x61] = 4)),
  changeTypes("bytesStructureNothing", "a byte is unknown", (types) => (types[0xe2] = 2), spm),
];

const hyperparameters: readonly BadFile[] = [
  missing("range:context_length", "llama.context_length"),
  value("range:context_length", "llama.context_length", u32(0)),
  value("range:embedding_length", "llama.embedding_length", u32(0)),
  missing("range:block_count", "llama.block_count"),
  value("range:block_count", "llama.block_count", u32(0)),
  value("range:block_count", "llama.block_count", u32(513)),
  value("range:block_count", "llama.block_count", { type: "u64", value: 2n }),
  value("range:nextn_predict_layers", "llama.nextn_predict_layers", u32(512)),
  missing("range:feed_forward_length", "llama.feed_forward_length"),
  value("range:feed_forward_length", "llama.feed_forward_length", u32s(64, 64, 64)),
  value("range:expert_count", "llama.expert_count", u32(1025)),
  value("range:expert_used_count", "llama.expert_used_count", u32s(1, 1025)),
  value("range:expert_group_count", "llama.expert_group_count", u32(1024)),
  value("range:expert_group_used_count", "llama.expert_group_used_count", u32(1024)),
  missing("range:attention.head_count", "llama.attention.head_count"),
  value("range:attention.head_count", "llama.attention.head_count", u32(2 ** 32 - 1)),
  value("range:attention.head_count_kv", "llama.attention.head_count_kv", f32(1)),
  value("range:attention.key_length", "llama.attention.key_length", u32(0)),
  value("range:attention.value_length", "llama.attention.value_length", u32(2 ** 31)),
  value("range:attention.layer_norm_epsilon", "llama.attention.layer_norm_epsilon", f32(-1)),
  missing("range:attention.layer_norm_rms_epsilon", "llama.attention.layer_norm_rms_epsilon"),
  value("range:attention.layer_norm_rms_epsilon", "llama.attention.layer_norm_rms_epsilon", f32(-1e-5)),
  value("range:attention.layer_norm_rms_epsilon", "llama.attention.layer_norm_rms_epsilon", f32(Number.NaN)),
  value("range:attention.group_norm_epsilon", "llama.attention.group_norm_epsilon", f32(2)),
  value("range:rope.dimension_count", "llama.rope.dimension_count", u32(2 ** 20)),
  value("range:rope.freq_base", "llama.rope.freq_base", f32(0)),
  value("range:rope.freq_base", "llama.rope.freq_base", f32(Number.POSITIVE_INFINITY)),
  value("range:rope.scaling.factor", "llama.rope.scaling.factor", f32(-1)),
  value("numbersAreFinite", "llama.attention.scale", f32(Number.NaN)),
  value("numbersAreFinite", "llama.swiglu_clamp_exp", {
    type: "array",
    items: "f32",
    value: Float32Array.of(1, Infinity),
  }),
  value("layersAreLeft", "llama.nextn_predict_layers", u32(2)),
  value("ropeScalingIsKnown", "llama.rope.scaling.type", text("cubic")),
  value("ropeTurnsPairs", "llama.rope.dimension_count", u32(31)),
  value("expertsAreUsed", "llama.expert_count", u32(8)),
  value("expertsAreUsed", "llama.expert_used_count", u32(1)),
  value("expertGroupsDivideExperts", "llama.expert_group_count", u32(1)),
  model("expertGroupsDivideExperts", "8 experts in 3 groups", ({ metadata }) => {
    metadata.set("llama.expert_count", u32(8)).set("llama.expert_used_count", u32(2));
    metadata.set("llama.expert_group_count", u32(3));
  }),
  model("expertGroupsAreUsed", "none of 4 groups is used", ({ metadata }) => {
    metadata.set("llama.expert_count", u32(8)).set("llama.expert_used_count", u32(2));
    metadata.set("llama.expert_group_count", u32(4));
  }),
  value("headsShareKeys", "llama.attention.head_count_kv", u32(3)),
  value("headsShareKeys", "llama.attention.head_count", u32(0)),
  value("layersAreAlike", "llama.attention.head_count_kv", u32s(1, 2)),
  value("sizesAreNotZero", "llama.feed_forward_length", u32(0)),
  model("headsDivideEmbedding", "3 heads on 64 elements", ({ metadata }) => {
    metadata.set("llama.attention.head_count", u32(3)).delete("llama.attention.key_length");
  }),
  value("keysAreLikeValues", "llama.attention.value_length", u32(16)),
  value("ropeTurnsWholeHeads", "llama.rope.dimension_count", u32(16)),
  model(
    "headsFillEmbedding",
    "heads of 16 on 64 elements",
    ({ metadata }) => {
      for (const name of ["attention.key_length", "attention.value_length", "rope.dimension_count"]) {
        metadata.set(`qwen2.${name}`, u32(16));
      }
    },
    { architecture: "qwen2" },
  ),
];

const shapes: readonly BadFile[] = [
  model("tensorsAreComplete", "a layer lacks a norm", ({ tensors }) => {
    tensors.splice(
      tensors.findIndex(({ name }) => name === "blk.1.ffn_norm.weight"),
      1,
    );
  }),
  value("tensorsAreComplete", "llama.block_count", u32(3)),
  value("tensorsHaveTheirShapes", "llama.embedding_length", u32(32)),
  model("tensorsHaveTheirShapes", "there are more tokens than embeddings", ({ metadata }) => {
    const found = metadata.get(tokensKey) as { value: readonly string[] };
    metadata.set(tokensKey, texts(...found.value, "more")).delete(typesKey);
  }),
  changeTensor("tensorsHaveTheirShapes", "a matrix lies on its side", (tensor) => {
    tensor.dims = [...tensor.dims].reverse();
  }),
];

/** Files that break one rule each; every rule that one file can break is among them. */
export const badFiles = [...headers, ...containers, ...identities, ...vocabularies, ...hyperparameters, ...shapes];
