import { ModelError } from "../errors.ts";
import type { GgufFile } from "./gguf-file.ts";
import { type GgufModel, typed } from "./gguf-model.ts";
import { readGguf } from "./read-gguf.ts";
import { modelInvalid } from "./refusal.ts";
import { containerRules } from "./rules/container-rules.ts";
import { checkRules } from "./rules/rule.ts";
import { firstPartRules, laterPartRules, splitModelRules, suffixOfPart } from "./rules/split-rules.ts";

/**
 * Reads the headers of a model: of one file, or of all parts of a split one, which lie beside their first.
 *
 * @throws ModelError MODEL_NOT_FOUND, or MODEL_INVALID for a file that is no sound GGUF or a part that is missing.
 */
export async function readModel(path: string): Promise<GgufModel> {
  const first = await readGguf(path);
  checkRules(path, containerRules, first);
  checkRules(path, firstPartRules, first);

  const count = typed(first.metadata, "split.count", "u16") ?? 1;
  const files = [first];
  for (let index = 1; index < count; index++) files.push(await readPart(path, index, count));
  const model = { path, files, metadata: first.metadata, tensors: files.flatMap(({ tensors }) => tensors) };
  checkRules(path, splitModelRules, model);
  return model;
}

async function readPart(firstPath: string, index: number, count: number): Promise<GgufFile> {
  const path = firstPath.slice(0, -suffixOfPart(0, count).length) + suffixOfPart(index, count);
  const file = await readGguf(path).catch((error: unknown) => {
    if (!(error instanceof ModelError) || error.code !== "MODEL_NOT_FOUND") throw error;
    throw modelInvalid(firstPath, "splitPartsArePresent", {
      what: `part ${index + 1} of ${count}`,
      found: "missing",
      allowed: `at ${path}`,
      remedy: "Download all parts into one folder.",
    });
  });
  checkRules(path, containerRules, file);
  checkRules(path, laterPartRules, { file, index });
  return file;
}
