import type { GgufFile } from "../gguf-file.ts";
import { describeValue, type GgufModel, typed } from "../gguf-model.ts";
import { quote } from "../refusal.ts";
import type { Rules } from "./rule.ts";

const numberKey = "split.no";
const countKey = "split.count";
const tensorCountKey = "split.tensors.count";

/** How the names of parts end: llama.cpp finds the others by the name of the first. */
export function suffixOfPart(index: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, "0");
  return `-${digits(index + 1)}-of-${digits(count)}.gguf`;
}

/** For the file that is named, which of a split model must be the first. */
export const firstPartRules: Rules<GgufFile> = {
  splitCountIsNumber({ metadata }) {
    if (!metadata.has(countKey) || typed(metadata, countKey, "u16") !== undefined) return undefined;
    return { what: countKey, found: describeValue(metadata, countKey), allowed: "a value of type u16" };
  },

  splitBeginsWithThisFile(file) {
    const count = partCount(file);
    const index = typed(file.metadata, numberKey, "u16");
    if (count <= 1 || index === 0) return undefined;
    const found = index === undefined ? describeValue(file.metadata, numberKey) : `part ${index + 1} of ${count}`;
    return {
      what: "the file",
      found,
      allowed: "the first part",
      remedy: `Pass the file that ends in ${suffixOfPart(0, count)}.`,
    };
  },

  splitNameTellsTheParts(file) {
    const count = partCount(file);
    if (count <= 1 || file.path.endsWith(suffixOfPart(0, count))) return undefined;
    const allowed = `one that ends in ${suffixOfPart(0, count)}, or its other parts cannot be found`;
    return {
      what: "the name",
      found: "another",
      allowed,
      remedy: "Give the parts the names that they were published with.",
    };
  },
};

export const laterPartRules: Rules<{ file: GgufFile; index: number }> = {
  // llama.cpp asks for the number without asking for its type first.
  splitPartHasItsNumber({ file, index }) {
    const found = typed(file.metadata, numberKey, "u16");
    if (found === index) return undefined;
    return { what: numberKey, found: found ?? describeValue(file.metadata, numberKey), allowed: `${index}, as u16` };
  },
};

export const splitModelRules: Rules<GgufModel> = {
  splitTensorsAreDistinct({ files, tensors }) {
    const names = new Set<string>();
    for (const { name } of files.length > 1 ? tensors : []) {
      if (names.has(name)) return { what: `tensor ${quote(name)}`, found: "in two parts", allowed: "in one" };
      names.add(name);
    }
    return undefined;
  },

  splitTensorsAreComplete({ files, metadata, tensors }) {
    const count = typed(metadata, tensorCountKey, "i32");
    if (files.length <= 1 || count === tensors.length) return undefined;
    const found = count ?? describeValue(metadata, tensorCountKey);
    return { what: tensorCountKey, found, allowed: `${tensors.length}, as many as the parts hold` };
  },
};

function partCount({ metadata }: GgufFile): number {
  return typed(metadata, countKey, "u16") ?? 1;
}
