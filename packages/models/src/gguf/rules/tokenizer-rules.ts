import { describeValue, type GgufModel, texts, typed } from "../gguf-model.ts";
import { quote } from "../refusal.ts";
import type { Rules } from "./rule.ts";

const modelKey = "tokenizer.ggml.model";
const preKey = "tokenizer.ggml.pre";
const mergesKey = "tokenizer.ggml.merges";

const sentencePiece = "llama";
const bytePairs = ["gpt2", "gemma4"];

const otherModel = "Use a model of a family such as llama, qwen3 or gemma3.";

/** Whether the text is cut into tokens in a way that is known, by tables that can be read. */
export const tokenizerRules: Rules<GgufModel> = {
  // The others belong to encoders and to families that cannot be used here, and read their tables with less care.
  tokenizerIsKnown({ metadata }) {
    const known = [sentencePiece, ...bytePairs];
    const tokenizer = typed(metadata, modelKey, "string");
    if (tokenizer !== undefined && known.includes(tokenizer)) return undefined;
    const found = tokenizer === undefined ? describeValue(metadata, modelKey) : quote(tokenizer);
    return { what: modelKey, found, allowed: `one of ${known.join(", ")}`, remedy: otherModel };
  },

  // It leaves spaces in the text, and the merging of pairs aborts on a space.
  preTokenizerFits({ metadata }) {
    const pre = typed(metadata, preKey, "string");
    return pre === "whitespace" ? { what: preKey, found: pre, allowed: "another", remedy: otherModel } : undefined;
  },

  mergesAreTexts({ metadata }) {
    if (!readsMerges(metadata) || texts(metadata, mergesKey)) return undefined;
    if (typed(metadata, preKey, "string") === "kimi-k2" && !metadata.has(mergesKey)) return undefined; // needs none
    return { what: mergesKey, found: describeValue(metadata, mergesKey), allowed: "an array of texts" };
  },

  mergesArePairs({ metadata }) {
    const merges = (readsMerges(metadata) && texts(metadata, mergesKey)) || [];
    const odd = merges.findIndex((merge) => {
      const space = merge.indexOf(" ", 1);
      return space < 1 || space === merge.length - 1;
    });
    if (odd < 0) return undefined;
    return { what: `merge ${odd}`, found: quote(merges[odd]!), allowed: "two texts with a space between" };
  },
};

export function isSentencePiece({ metadata }: GgufModel): boolean {
  return typed(metadata, modelKey, "string") === sentencePiece;
}

function readsMerges(metadata: GgufModel["metadata"]): boolean {
  return bytePairs.includes(typed(metadata, modelKey, "string")!);
}
