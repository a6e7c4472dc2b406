import type { Vocabulary } from "../backend/vocabulary.ts";
import { InvalidArgumentError } from "../errors.ts";
import { toolCallGrammar } from "../grammar/tool-call-grammar.ts";
import { chatmlTurns, type Turns } from "./chatml.ts";
import { detokenize } from "./detokenize.ts";
import type { Language, Segment } from "./language.ts";
import { parseToolCalls } from "./parse-tool-calls.ts";
import { contentPieces, tokenizeSegments } from "./segments.ts";

/**
 * The Language port over a vocabulary: recognises the model's family, and needs no engine.
 *
 * @throws InvalidArgumentError when the family is not supported. Nothing is guessed: turns in a foreign format
 * would read as prose and fail without a sound.
 */
export function createLanguage(vocabulary: Vocabulary): Language {
  const { family, turns } = recogniseFamily(vocabulary);
  const bos = beginOfSequence(vocabulary);
  return {
    family,
    vocabSize: vocabulary.size,
    tokenize: (segments, known) => tokenizeSegments(vocabulary, segments, known),
    contentPieces,
    detokenize: (tokens) => detokenize(vocabulary, tokens),
    isStop: (token) => vocabulary.isStop(token),
    ...turns,
    system: (text, tools) => [...bos, ...turns.system(text, tools)],
    parse: parseToolCalls,
    toolCallGrammar,
  };
}

function recogniseFamily(vocabulary: Vocabulary): { family: string; turns: Turns } {
  const literals = new Set(vocabulary.structural.map(({ text }) => text));
  const template = vocabulary.chatTemplate;
  const hasTokens = literals.has("<|im_start|>") && literals.has("<|im_end|>");
  // Fine-tunes keep the tokens of their base model and may speak another format: then the template says so.
  if (hasTokens && (template === undefined || template.includes("<|im_start|>")))
    return { family: "chatml", turns: chatmlTurns(vocabulary) };

  const family = nameFamily(literals, template ?? "");
  throw new InvalidArgumentError(
    `the model's chat format (${family}) is not supported yet.`,
    { family },
    "Use a ChatML model, such as Qwen2.5 or SmolLM2.",
  );
}

// The most telling marker of families that people will try first.
const markersOfOtherFamilies: readonly (readonly [marker: string, family: string])[] = [
  ["<|start_header_id|>", "llama-3"],
  ["<start_of_turn>", "gemma"],
  ["<|turn>", "gemma-4"],
  ["<|channel|>", "gpt-oss"],
  ["<｜User｜>", "deepseek"],
  ["<|start_of_role|>", "granite"],
  ["[INST]", "mistral"],
  ["<|observation|>", "glm"],
  ["<|assistant|>", "phi-3"],
];

function nameFamily(literals: ReadonlySet<string>, template: string): string {
  const found = markersOfOtherFamilies.find(([marker]) => literals.has(marker) || template.includes(marker));
  return found?.[1] ?? "unknown";
}

function beginOfSequence(vocabulary: Vocabulary): Segment[] {
  return vocabulary.bos === undefined ? [] : [{ text: detokenize(vocabulary, [vocabulary.bos]), origin: "scaffold" }];
}
