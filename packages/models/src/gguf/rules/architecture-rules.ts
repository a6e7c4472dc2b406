import { architectures } from "../architectures.ts";
import { architectureOf, describeValue, type GgufModel, typed } from "../gguf-model.ts";
import { quote } from "../refusal.ts";
import type { Rules } from "./rule.ts";

const otherModel = "Use a model that writes text, such as one of the families llama, qwen3 or gemma3.";

/** Whether this is a family that llama.cpp knows; also asked where only the vocabulary is wanted. */
export const identityRules: Rules<GgufModel> = {
  fileIsModel({ metadata }) {
    const key = "general.type";
    const type = typed(metadata, key, "string");
    if (!metadata.has(key) || type === "model") return undefined;
    const found = type === undefined ? describeValue(metadata, key) : quote(type);
    return { what: key, found, allowed: "model: this file belongs to one", remedy: "Pass the model's own file." };
  },

  architectureIsKnown(model) {
    const key = "general.architecture";
    const architecture = architectureOf(model);
    if (architectures.has(architecture)) return undefined;
    const found = architecture === "" ? describeValue(model.metadata, key) : quote(architecture);
    return { what: key, found, allowed: "a family that this version knows", remedy: otherModel };
  },
};

/** Whether it writes text token by token, and has what it needs for it. */
export const generationRules: Rules<GgufModel> = {
  architectureIsDecoder(model) {
    const architecture = architectureOf(model);
    const { kind, words } = architectures.get(architecture)!;
    if (kind === "decoder" || kind === "recurrent") return undefined;
    return {
      what: "general.architecture",
      found: `${architecture}, ${words}`,
      allowed: "a decoder",
      remedy: otherModel,
    };
  },

  modelHasWeights({ tensors }) {
    if (tensors.length > 0) return undefined;
    const remedy = "Pass the model itself; this file serves to read its vocabulary.";
    return { what: "the file", found: "a vocabulary without weights", allowed: "a whole model", remedy };
  },

  attentionIsCausal(model) {
    const key = `${architectureOf(model)}.attention.causal`;
    if (!model.metadata.has(key) || typed(model.metadata, key, "bool") === true) return undefined;
    const found =
      typed(model.metadata, key, "bool") === false
        ? "false, as in an embedding model"
        : describeValue(model.metadata, key);
    return { what: key, found, allowed: "true", remedy: otherModel };
  },

  // A reranker (4) answers in tokens as well.
  modelDoesNotPool(model) {
    const key = `${architectureOf(model)}.pooling_type`;
    const value = typed(model.metadata, key, "u32");
    if (!model.metadata.has(key) || value === 0 || value === 4) return undefined;
    const found = value === undefined ? describeValue(model.metadata, key) : `${value}, as in an embedding model`;
    return { what: key, found, allowed: "0 (none) or 4 (rank)", remedy: otherModel };
  },
};
