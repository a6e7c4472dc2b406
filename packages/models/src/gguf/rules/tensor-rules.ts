import { architectureOf, type GgufModel, texts } from "../gguf-model.ts";
import { sizesOf } from "../hyperparameters.ts";
import { quote } from "../refusal.ts";
import { type TensorShape, tensorLayouts } from "../tensor-layout.ts";
import { shapeOf } from "./container-rules.ts";
import type { Rules } from "./rule.ts";

/** Whether the tensors are those that the hyperparameters speak of. */
export const tensorRules: Rules<GgufModel> = {
  tensorsAreComplete(model) {
    const names = new Set(model.tensors.map(({ name }) => name));
    const missing = layoutOf(model).find(
      ({ name, required, unless }) => required && !names.has(name) && !(unless && names.has(unless)),
    );
    return missing && { what: `tensor ${quote(missing.name)}`, found: "missing", allowed: shapeOf(missing.dims) };
  },

  tensorsHaveTheirShapes(model) {
    const expected = new Map(layoutOf(model).map(({ name, dims }) => [name, shapeOf(dims)]));
    for (const { name, dims } of model.tensors) {
      const allowed = expected.get(name);
      const found = shapeOf(withoutOnes(dims));
      if (allowed && found !== allowed) return { what: `tensor ${quote(name)}`, found: `of shape ${found}`, allowed };
    }
    return undefined;
  },
};

function layoutOf(model: GgufModel): TensorShape[] {
  const layout = tensorLayouts[architectureOf(model)];
  const vocabulary = texts(model.metadata, "tokenizer.ggml.tokens")?.length ?? 0;
  return layout ? layout(sizesOf(model, vocabulary)) : [];
}

/** [64, 1] is [64]: dimensions of one element at the end say nothing. */
function withoutOnes(dims: readonly number[]): readonly number[] {
  const end = dims.findLastIndex((dim, index) => dim !== 1 || index === 0);
  return dims.slice(0, end + 1);
}
