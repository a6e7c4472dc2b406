import type { GgufFile, GgufTensor } from "../gguf-file.ts";
import { describeValue, typed } from "../gguf-model.ts";
import { quote, type Refusal } from "../refusal.ts";
import { tensorTypes } from "../tensor-types.ts";
import type { Rules } from "./rule.ts";

// llama.cpp maps the data and computes on the map, where ggml insists on this.
const alignmentMin = 32;
const alignmentMax = 65_536;
const nameBytesMax = 63;

/** What must hold for each file, whatever is in it. */
export const containerRules: Rules<GgufFile> = {
  alignmentIsUsable({ metadata }) {
    const key = "general.alignment";
    if (!metadata.has(key)) return undefined;
    const value = typed(metadata, key, "u32");
    const isUsable =
      value !== undefined && value >= alignmentMin && value <= alignmentMax && Number.isInteger(Math.log2(value));
    if (isUsable) return undefined;
    const allowed = `a power of two in [${alignmentMin}, ${alignmentMax}], as u32`;
    return { what: key, found: value ?? describeValue(metadata, key), allowed };
  },

  tensorNamesAreShort: forEveryTensor(({ name }) => {
    const bytes = Buffer.byteLength(name);
    if (bytes >= 1 && bytes <= nameBytesMax && !name.includes("\0")) return undefined;
    return { found: `named in ${bytes} bytes`, allowed: `named in 1 to ${nameBytesMax} bytes, none of them 0` };
  }),

  tensorNamesAreDistinct({ tensors }) {
    const seen = new Set<string>();
    for (const { name } of tensors) {
      if (seen.has(name)) return { what: `tensor ${quote(name)}`, found: "there twice", allowed: "there once" };
      seen.add(name);
    }
    return undefined;
  },

  tensorTypesAreForWeights: forEveryTensor(({ typeId }) => {
    const type = tensorTypes.get(typeId);
    if (type?.forWeights) return undefined;
    return { found: `of type ${type?.name ?? typeId}`, allowed: "of a type that weights have, such as F16 or Q4_K" };
  }),

  tensorsAreNotEmpty: forEveryTensor(({ dims }) => {
    if (dims.every((dim) => dim >= 1)) return undefined;
    return { found: `of shape ${shapeOf(dims)}`, allowed: "at least 1 long in each dimension" };
  }),

  tensorRowsAreWholeBlocks: forEveryTensor(({ dims, typeId }) => {
    const { name, blockElements } = tensorTypes.get(typeId)!;
    if (dims[0]! % blockElements === 0) return undefined;
    return { found: `${dims[0]} wide`, allowed: `a multiple of ${blockElements} wide, the block of ${name}` };
  }),

  // Before the offsets: sums of such sizes are exact, and so is what they are compared with.
  tensorsFitTheFile: (file) =>
    forEveryTensor((tensor) => {
      const [bytes, room] = [tensorBytes(tensor), file.sizeBytes - file.headerBytes];
      if (bytes <= room) return undefined;
      return { found: `${bytes} bytes long`, allowed: `at most ${room}, which are left of the file` };
    })(file),

  // In order and without gaps, because llama.cpp takes no others.
  tensorsFollowEachOther(file) {
    let end = 0;
    return forEveryTensor((tensor) => {
      const expected = end;
      end += pad(tensorBytes(tensor), alignmentOf(file));
      if (tensor.offset === expected) return undefined;
      return { found: `at offset ${tensor.offset}`, allowed: `at ${expected}, after the tensor before it` };
    })(file);
  },

  tensorsEndInTheFile: (file) =>
    forEveryTensor((tensor) => {
      const end = dataBegin(file) + tensor.offset + tensorBytes(tensor);
      if (end <= file.sizeBytes) return undefined;
      return { found: `${end - file.sizeBytes} bytes short`, allowed: "whole: the file was cut" };
    })(file),

  // Norms, biases and factors are added and multiplied as they are; only matrices are converted on the way.
  vectorsAreExact: forEveryTensor(({ name, dims, typeId }) => {
    const isVector = dims.slice(1).every((dim) => dim === 1) || /norm\.weight$|\.bias$/.test(name);
    const type = tensorTypes.get(typeId)!.name;
    return !isVector || type === "F32" ? undefined : { found: `of type ${type}`, allowed: "of type F32" };
  }),
};

function forEveryTensor(rule: (tensor: GgufTensor) => Omit<Refusal, "what"> | undefined) {
  return ({ tensors }: GgufFile): Refusal | undefined => {
    for (const tensor of tensors) {
      const refusal = rule(tensor);
      if (refusal) return { what: `tensor ${quote(tensor.name)}`, ...refusal };
    }
    return undefined;
  };
}

function tensorBytes({ dims, typeId }: GgufTensor): number {
  const { blockElements, blockBytes } = tensorTypes.get(typeId)!;
  return (dims.reduce((product, dim) => product * dim, 1) / blockElements) * blockBytes;
}

function alignmentOf({ metadata }: GgufFile): number {
  return typed(metadata, "general.alignment", "u32") ?? 32;
}

/** Where in the file offset 0 is. */
function dataBegin(file: GgufFile): number {
  return pad(file.headerBytes, alignmentOf(file));
}

function pad(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

export function shapeOf(dims: readonly number[]): string {
  return `[${dims.join(", ")}]`;
}
