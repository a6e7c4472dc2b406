import type { GgufFile, GgufTensor } from "../gguf-file.ts";
import { architectureOf, describeValue, type GgufModel, typed } from "../gguf-model.ts";
import { quote, type Refusal } from "../refusal.ts";
import { shapeOf } from "./container-rules.ts";
import type { Rule, Rules } from "./rule.ts";

interface Subject {
  adapter: GgufFile;
  model: GgufModel;
}

const suffix = /\.lora_([ab])$/;
const alphaKey = "adapter.lora.alpha";

/** Whether a file is a LoRA adapter of a model. What it adds to a tensor is B x A, of that tensor's shape. */
export const adapterRules: Rules<Subject> = {
  fileIsAdapter: keyIs("general.type", () => "adapter"),

  adapterIsLora: keyIs("adapter.type", () => "lora"),

  adapterIsOfTheFamily: keyIs("general.architecture", ({ model }) => architectureOf(model)),

  // llama.cpp asks for the number without asking for its type first.
  adapterAlphaIsNumber({ adapter: { metadata } }) {
    if (!metadata.has(alphaKey) || Number.isFinite(typed(metadata, alphaKey, "f32"))) return undefined;
    return { what: alphaKey, found: describeValue(metadata, alphaKey), allowed: "a finite number, as f32" };
  },

  // It begins to act at certain tokens only, and llama.cpp leaves that to its caller.
  adapterActsEverywhere({ adapter: { metadata } }) {
    const key = "adapter.alora.invocation_tokens";
    return metadata.has(key)
      ? { what: key, found: "there", allowed: "absent: the adapter acts throughout" }
      : undefined;
  },

  adapterChangesSomething({ adapter: { tensors } }) {
    return tensors.length > 0 ? undefined : { what: "the file", found: "without tensors", allowed: "an adapter" };
  },

  // llama.cpp passes over those of norms.
  adapterTensorsAreNamed: forEveryTensor(({ name }) =>
    suffix.test(name) ? undefined : { found: "there", allowed: "named after a tensor, and end in .lora_a or .lora_b" },
  ),

  adapterTensorsAreOfTheModel: forEveryTensor(({ name }, { model }) => {
    const base = name.replace(suffix, "");
    const found = model.tensors.find((tensor) => tensor.name === base);
    if (found && found.dims.filter((dim) => dim > 1).length === 2) return undefined;
    return {
      found: found ? `for one of shape ${shapeOf(found.dims)}` : "for none",
      allowed: "for a matrix of the model",
    };
  }),

  adapterTensorsArePairs: forEveryTensor(({ name }, { adapter }) => {
    const other = name.replace(suffix, (_, part) => (part === "a" ? ".lora_b" : ".lora_a"));
    if (adapter.tensors.some((tensor) => tensor.name === other)) return undefined;
    return { found: "alone", allowed: `beside ${quote(other)}` };
  }),

  adapterTensorsMultiply: forEveryTensor(({ name, dims }, { adapter, model }) => {
    if (!name.endsWith(".lora_a")) return undefined;
    const base = name.replace(suffix, "");
    const [width, height] = model.tensors.find((tensor) => tensor.name === base)!.dims as [number, number];
    const [a, b] = [padded(dims), padded(adapter.tensors.find((tensor) => tensor.name === `${base}.lora_b`)!.dims)];
    // Rows of A are looked up by token; everywhere else A is multiplied.
    const isLookedUp = base === "token_embd.weight";
    const rank = isLookedUp ? a[0]! : a[1]!;
    const expectedA = isLookedUp ? [rank, height] : [width, rank];
    const expectedB = isLookedUp ? [rank, width] : [rank, height];
    if (shapeOf(a) === shapeOf(padded(expectedA)) && shapeOf(b) === shapeOf(padded(expectedB))) return undefined;
    return {
      found: `${shapeOf(dims)}, with a B of ${shapeOf(b)}`,
      allowed: `such that both give ${width} x ${height}`,
    };
  }),
};

function keyIs(key: string, expected: (subject: Subject) => string): Rule<Subject> {
  return (subject) => {
    const { metadata } = subject.adapter;
    const value = typed(metadata, key, "string");
    const allowed = expected(subject);
    if (value === allowed) return undefined;
    const remedy = `Pass a LoRA adapter that was made for this ${architectureOf(subject.model)} model.`;
    return { what: key, found: value === undefined ? describeValue(metadata, key) : quote(value), allowed, remedy };
  };
}

function forEveryTensor(rule: (tensor: GgufTensor, subject: Subject) => Omit<Refusal, "what"> | undefined) {
  return (subject: Subject): Refusal | undefined => {
    for (const tensor of subject.adapter.tensors) {
      const refusal = rule(tensor, subject);
      if (refusal) return { what: `tensor ${quote(tensor.name)}`, ...refusal };
    }
    return undefined;
  };
}

/** All four dimensions, of which those that are left out are 1. */
function padded(dims: readonly number[]): number[] {
  return Array.from({ length: 4 }, (_, index) => dims[index] ?? 1);
}
