import type { GgufFile } from "./gguf-file.ts";
import type { GgufModel } from "./gguf-model.ts";
import { readGguf } from "./read-gguf.ts";
import { adapterRules } from "./rules/adapter-rules.ts";
import { containerRules } from "./rules/container-rules.ts";
import { checkRules } from "./rules/rule.ts";

/**
 * Reads the headers of a LoRA adapter and says whether llama.cpp can be shown it together with `model`, as `validateGguf` gave
 * it: that each of its pairs of matrices belongs to a tensor of the model, and multiplies with it.
 *
 * @throws ModelError MODEL_NOT_FOUND, or MODEL_INVALID with the facts `rule`, `what`, `found` and `allowed`
 */
export async function validateAdapter(path: string, model: GgufModel): Promise<GgufFile> {
  const adapter = await readGguf(path);
  checkRules(path, containerRules, adapter);
  checkRules(path, adapterRules, { adapter, model });
  return adapter;
}
