import { describeValue, type GgufModel } from "../gguf-model.ts";
import { integer, isWellKnown, keyOf } from "../hyperparameters.ts";
import type { Rule, Rules } from "./rule.ts";

interface Range {
  type: "u32" | "f32";
  min: number;
  max: number;
  /** Refused when it is missing: in every family, or in those whose tensors we know. */
  required?: "always" | "where well known";
  /** May be an array, with a value for each layer. */
  perLayer?: boolean;
}

/** What each hyperparameter may be. llama.cpp believes most of them, and aborts on some. */
const ranges: Readonly<Record<string, Range>> = {
  context_length: { type: "u32", min: 1, max: 2 ** 31 - 1, required: "always" },
  embedding_length: { type: "u32", min: 1, max: 2 ** 20, required: "always" },
  block_count: { type: "u32", min: 1, max: 512, required: "always" },
  nextn_predict_layers: { type: "u32", min: 0, max: 511 },
  feed_forward_length: { type: "u32", min: 0, max: 2 ** 24, required: "where well known", perLayer: true },
  expert_count: { type: "u32", min: 0, max: 1024 },
  expert_used_count: { type: "u32", min: 0, max: 1024, perLayer: true },
  expert_group_count: { type: "u32", min: 0, max: 1023 },
  expert_group_used_count: { type: "u32", min: 0, max: 1023 },
  "attention.head_count": { type: "u32", min: 0, max: 2 ** 16, required: "where well known", perLayer: true },
  "attention.head_count_kv": { type: "u32", min: 0, max: 2 ** 16, perLayer: true },
  "attention.key_length": { type: "u32", min: 1, max: 2 ** 16 },
  "attention.value_length": { type: "u32", min: 1, max: 2 ** 16 },
  "attention.layer_norm_epsilon": { type: "f32", min: 0, max: 1 },
  "attention.layer_norm_rms_epsilon": { type: "f32", min: 0, max: 1, required: "where well known" },
  "attention.group_norm_epsilon": { type: "f32", min: 0, max: 1 },
  "rope.dimension_count": { type: "u32", min: 0, max: 2 ** 16 },
  "rope.freq_base": { type: "f32", min: 1, max: 1e12 },
  "rope.scaling.factor": { type: "f32", min: 0, max: 1e6 },
};

export const rangeRules: Rules<GgufModel> = Object.fromEntries(
  Object.entries(ranges).map(([name, range]) => [`range:${name}`, rangeRule(name, range)]),
);

function rangeRule(name: string, { type, min, max, required, perLayer }: Range): Rule<GgufModel> {
  return (model) => {
    const what = keyOf(model, name);
    const found = model.metadata.get(what);
    const allowed = `${type === "u32" ? "an integer" : "a number"} in [${min}, ${max}], as ${type}`;
    if (!found) {
      const isMissing = required === "always" || (required === "where well known" && isWellKnown(model));
      return isMissing ? { what, found: "missing", allowed } : undefined;
    }
    const isArray = perLayer && found.type === "array" && (found.items === "u32" || found.items === "i32");
    if (found.type !== type && !isArray) return { what, found: describeValue(model.metadata, what), allowed };

    const values = isArray ? Array.from(found.value as Uint32Array) : [found.value as number];
    const layers = integer(model, "block_count");
    if (isArray && values.length !== layers) {
      return {
        what,
        found: describeValue(model.metadata, what),
        allowed: `one value, or ${layers}: one for each layer`,
      };
    }
    const odd = values.find((value) => !(value >= min && value <= max));
    return odd === undefined ? undefined : { what, found: odd, allowed };
  };
}
