import { type FileHandle, open } from "node:fs/promises";
import { type GgufValue, writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { type ModelShape, tensorsOf } from "./model-shapes.ts";

/** Bytes and weights of a block, by llama.cpp's number of the type. */
const matrixTypes = { f16: { typeId: 1, bytes: 2, weights: 1 }, q4_0: { typeId: 2, bytes: 18, weights: 32 } };
export type MatrixType = keyof typeof matrixTypes;

const float32 = 0;
const chunkBytes = 18 * 2 ** 18;

/**
 * A model of random weights in a real one's shape: its speed is the real one's, its text is noise. Written piece by
 * piece, since it may be larger than a buffer can be.
 *
 * @returns the bytes of its weights
 */
export async function writeRandomModel(path: string, shape: ModelShape, matrixType: MatrixType): Promise<number> {
  const { typeId, bytes, weights } = matrixTypes[matrixType];
  let end = 0;
  const tensors = tensorsOf(shape).map(({ name, dims }) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const isNorm = dims.length === 1;
    const size = isNorm ? count * 4 : (count / weights) * bytes;
    const tensor = { name, dims, typeId: isNorm ? float32 : typeId, offset: end, size, isNorm };
    end = Math.ceil((end + size) / 32) * 32;
    return tensor;
  });
  const file = await open(path, "w");
  try {
    const header = tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(0) }));
    await file.write(writeGguf({ metadata: metadataOf(shape), tensors: header }));
    const chunk = matrixType === "f16" ? randomHalves() : randomBlocks();
    for (const { size, isNorm } of tensors) await writeTensor(file, size, isNorm ? ones(size) : chunk);
  } finally {
    await file.close();
  }
  return end;
}

/** `size` bytes that repeat a chunk, and zeros up to the alignment. */
async function writeTensor(file: FileHandle, size: number, chunk: Uint8Array): Promise<void> {
  for (let left = size; left > 0; left -= chunk.length) await file.write(chunk.subarray(0, left));
  await file.write(new Uint8Array((32 - (size % 32)) % 32));
}

function ones(size: number): Uint8Array {
  return new Uint8Array(new Float32Array(size / 4).fill(1).buffer);
}

/** Blocks of a 16-bit scale, here 2^-9, and 32 weights of four bits. */
function randomBlocks(): Uint8Array {
  return Uint8Array.from({ length: chunkBytes }, (_, i) => [0x00, 0x18][i % 18] ?? Math.floor(Math.random() * 256));
}

/** Between 2^-7 and 2^-5 in size, of either sign. */
function randomHalves(): Uint8Array {
  const halves = Uint16Array.from({ length: chunkBytes / 2 }, () => {
    const sign = Math.random() < 0.5 ? 0x8000 : 0;
    return sign | (0x2000 + Math.floor(Math.random() * 0x0800));
  });
  return new Uint8Array(halves.buffer);
}

/** A tokenizer whose first tokens are those of the tiny model; the others are never written or read. */
function metadataOf(shape: ModelShape): Map<string, GgufValue> {
  const metadata = new Map([...tinyModel().metadata].filter(([key]) => !key.startsWith("llama.")));
  const names = metadata.get("tokenizer.ggml.tokens");
  const types = metadata.get("tokenizer.ggml.token_type");
  if (names?.type !== "array" || types?.type !== "array") throw new Error("the tiny model has no tokenizer");
  const known = names.value as string[];
  const more = shape.vocabulary - known.length;
  const allNames = [...known, ...Array.from({ length: more }, (_, i) => `unused${i}`)];
  const allTypes = Int32Array.from([...(types.value as Int32Array), ...new Int32Array(more).fill(1)]);
  metadata.set("tokenizer.ggml.tokens", { ...names, value: allNames } as GgufValue);
  metadata.set("tokenizer.ggml.token_type", { ...types, value: allTypes } as GgufValue);
  metadata.set("general.architecture", { type: "string", value: "qwen3" });
  for (const [name, value] of Object.entries({
    context_length: 65_536,
    embedding_length: shape.embedding,
    block_count: shape.layers,
    feed_forward_length: shape.feedForward,
    "attention.head_count": shape.heads,
    "attention.head_count_kv": shape.headsKv,
    "attention.key_length": shape.head,
    "attention.value_length": shape.head,
    vocab_size: shape.vocabulary,
  }))
    metadata.set(`qwen3.${name}`, { type: "u32", value });
  metadata.set("qwen3.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-6 });
  metadata.set("qwen3.rope.freq_base", { type: "f32", value: 1e6 });
  return metadata;
}
