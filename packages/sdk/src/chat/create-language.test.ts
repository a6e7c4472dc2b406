import { describe, expect, it } from "vitest";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { createSimulatedVocabulary, type StructuralLiteral } from "../testing/simulated-vocabulary.ts";
import { createLanguage } from "./create-language.ts";

const vocabulary = createSimulatedVocabulary();

function vocabularyWith(literals: string[], chatTemplate?: string): Vocabulary {
  const structural = literals.map((text): StructuralLiteral => ({ text, attribute: "control" }));
  return { ...createSimulatedVocabulary(structural), chatTemplate };
}

describe("a language", () => {
  it("is ChatML where the vocabulary has its two tokens", () => {
    expect(createLanguage(vocabulary).family).toBe("chatml");
  });

  it("names the family that is not supported", () => {
    const families: [Vocabulary, string][] = [
      [vocabularyWith(["<|start_header_id|>", "<|eot_id|>"]), "llama-3"],
      [vocabularyWith(["<start_of_turn>", "<end_of_turn>"]), "gemma"],
      [vocabularyWith(["<s>"], "{{ '[INST] ' + content }}"), "mistral"],
      [vocabularyWith([]), "unknown"],
    ];
    for (const [foreign, family] of families)
      expect(() => createLanguage(foreign)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", facts: { family } }),
      );
  });

  it("believes a template that speaks another format over tokens that were left in", () => {
    const finetune = vocabularyWith(["<|im_start|>", "<|im_end|>"], "{{ '<｜User｜>' + content }}");
    expect(() => createLanguage(finetune)).toThrow(/deepseek/);
  });

  it("begins a sequence with BOS only where the vocabulary has one", () => {
    const [bos] = vocabulary.structural;
    const withBos = createLanguage({ ...vocabulary, bos: bos!.token });
    expect(withBos.tokenize(withBos.system("", []))).toEqual([bos!.token]);
    const without = createLanguage(vocabulary);
    expect(without.system("", [])).toEqual([]);
  });

  it("reads tokens back as text, structural ones as their literals", () => {
    const language = createLanguage(vocabulary);
    const text = "\ufeff<|im_start|>user\nnaïve 😀";
    expect(language.detokenize(vocabulary.tokenize(text, true))).toBe(text);
    expect(language.detokenize([0xf0, 0x9f])).toBe("\ufffd");
  });
});
