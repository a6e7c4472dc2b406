import type { GgufValue } from "../gguf-file.ts";
import { architectureOf, describeValue, type GgufModel, typed } from "../gguf-model.ts";
import { headLength, integer, isWellKnown, keyOf, perLayer } from "../hyperparameters.ts";
import { quote, type Refusal } from "../refusal.ts";
import type { Rule, Rules } from "./rule.ts";

const ropeScalings = ["none", "linear", "yarn", "longrope"];

/** How the hyperparameters go together. Each is in its range, and has its type, when these are asked. */
export const hyperparameterRules: Rules<GgufModel> = {
  // Factors and limits. What is no number spreads to every logit.
  numbersAreFinite(model) {
    for (const [key, value] of model.metadata) {
      const odd = key.startsWith(keyOf(model, "")) && fractionsOf(value).find((number) => !Number.isFinite(number));
      if (typeof odd === "number") return { what: quote(key), found: odd, allowed: "finite" };
    }
    return undefined;
  },

  layersAreLeft(model) {
    const [layers, ahead] = [integer(model, "block_count")!, integer(model, "nextn_predict_layers") ?? 0];
    return ahead < layers ? undefined : refusal(model, "nextn_predict_layers", ahead, `less than the ${layers} layers`);
  },

  ropeScalingIsKnown(model) {
    const what = keyOf(model, "rope.scaling.type");
    const value = typed(model.metadata, what, "string");
    if (!model.metadata.has(what) || (value !== undefined && ropeScalings.includes(value))) return undefined;
    const found = value === undefined ? describeValue(model.metadata, what) : quote(value);
    return { what, found, allowed: `one of ${ropeScalings.join(", ")}` };
  },

  ropeTurnsPairs(model) {
    const turned = integer(model, "rope.dimension_count") ?? 0;
    return turned % 2 === 0 ? undefined : refusal(model, "rope.dimension_count", turned, "even");
  },

  expertsAreUsed(model) {
    const experts = integer(model, "expert_count") ?? 0;
    const used = Math.max(0, ...perLayer(model, "expert_used_count"));
    const isInRange = experts === 0 ? used === 0 : used >= 1 && used <= experts;
    return isInRange ? undefined : refusal(model, "expert_used_count", used, `some of the ${experts} experts`);
  },

  expertGroupsDivideExperts(model) {
    const experts = integer(model, "expert_count") ?? 0;
    const groups = integer(model, "expert_group_count") ?? 0;
    const isProper = groups === 0 || (groups < experts && experts % groups === 0);
    return isProper ? undefined : refusal(model, "expert_group_count", groups, `a divisor of the ${experts} experts`);
  },

  expertGroupsAreUsed(model) {
    const groups = integer(model, "expert_group_count") ?? 0;
    const used = integer(model, "expert_group_used_count") ?? 0;
    if (groups <= 1 || (used >= 1 && used < groups)) return undefined;
    return refusal(model, "expert_group_used_count", used, `some of the ${groups} groups, and not all`);
  },

  headsShareKeys(model) {
    const heads = perLayer(model, "attention.head_count");
    const odd = perLayer(model, "attention.head_count_kv").find((kv, layer) => {
      const own = heads[layer] ?? 0;
      return kv > own || (kv > 0 && own % kv !== 0);
    });
    if (odd === undefined) return undefined;
    return refusal(model, "attention.head_count_kv", odd, "a divisor of the number of heads");
  },

  // What follows is asked of families whose graphs we know.

  layersAreAlike: whereWellKnown((model) => {
    const odd = sizeNames.find((name) => new Set(perLayer(model, name)).size > 1);
    return odd && refusal(model, odd, "different from layer to layer", "the same in all layers of this family");
  }),

  sizesAreNotZero: whereWellKnown((model) => {
    const odd = sizeNames.find((name) => perLayer(model, name).includes(0));
    return odd && refusal(model, odd, 0, "at least 1 in this family");
  }),

  headsDivideEmbedding: whereWellKnown((model) => {
    const [embedding, heads] = [integer(model, "embedding_length")!, perLayer(model, "attention.head_count")[0]!];
    if (embedding % heads === 0 || integer(model, "attention.key_length") !== undefined) return undefined;
    return refusal(model, "attention.head_count", heads, `a divisor of the embedding length ${embedding}`);
  }),

  keysAreLikeValues: whereWellKnown((model) => {
    const [key, value] = [headLength(model, "key"), headLength(model, "value")];
    return key === value ? undefined : refusal(model, "attention.value_length", value, `${key}, as long as a key`);
  }),

  ropeTurnsWholeHeads: whereWellKnown((model) => {
    const head = headLength(model, "key");
    const turned = integer(model, "rope.dimension_count") ?? head;
    const isPart = architectureOf(model) === "chatglm" && turned < head; // and even, as for all
    if (isPart || (turned === head && head % 2 === 0)) return undefined;
    return refusal(model, "rope.dimension_count", turned, `the length of a head, which is ${head}, and even`);
  }),

  // Queries are as wide as the embedding there, and are cut into heads afterwards.
  headsFillEmbedding: whereWellKnown((model) => {
    const [embedding, head] = [integer(model, "embedding_length")!, headLength(model, "key")];
    const isFilled = perLayer(model, "attention.head_count")[0]! * head === embedding;
    if (isFilled || keyOf(model, "") !== "qwen2.") return undefined;
    return refusal(model, "attention.key_length", head, `such that all heads together are ${embedding} wide`);
  }),
};

const sizeNames = ["feed_forward_length", "attention.head_count", "attention.head_count_kv"];

function whereWellKnown(rule: (model: GgufModel) => Refusal | "" | undefined): Rule<GgufModel> {
  return (model) => (isWellKnown(model) && rule(model)) || undefined;
}

function fractionsOf(value: GgufValue): readonly number[] {
  if (value.type === "f32" || value.type === "f64") return [value.value];
  const isArray = value.type === "array" && (value.items === "f32" || value.items === "f64");
  return isArray ? Array.from(value.value as Float32Array) : [];
}

function refusal(model: GgufModel, name: string, found: number | string, allowed: string): Refusal {
  return { what: keyOf(model, name), found, allowed };
}
