import { describe, expect, it } from "vitest";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

const vocabulary = createSimulatedVocabulary();
const id = (literal: string) => vocabulary.structural.find(({ text }) => text === literal)!.token;

describe("the simulated vocabulary", () => {
  it("turns every literal into its token where special ones are parsed", () => {
    expect(vocabulary.tokenize("<|im_start|>a</tool_call>", true)).toEqual([
      id("<|im_start|>"),
      97,
      id("</tool_call>"),
    ]);
  });

  it("still matches user-defined literals where they are not, as llama.cpp does", () => {
    expect(vocabulary.tokenize("a<tool_call>", false)).toEqual([97, id("<tool_call>")]);
    expect(vocabulary.tokenize("<|im_end|>", false)).toEqual([..."<|im_end|>"].map((char) => char.charCodeAt(0)));
  });

  it("gives a structural token's literal only when it is asked for", () => {
    expect(new TextDecoder().decode(vocabulary.bytes(id("<|im_end|>"), true))).toBe("<|im_end|>");
    expect(vocabulary.bytes(id("<|im_end|>"), false)).toHaveLength(0);
    expect(vocabulary.bytes(0xe9, false)).toEqual(Uint8Array.of(0xe9));
  });

  it("stops at the end of a turn and at the end of a text", () => {
    const stops = vocabulary.structural.filter(({ token }) => vocabulary.isStop(token)).map(({ text }) => text);
    expect(stops).toEqual(["<|endoftext|>", "<|im_end|>"]);
  });

  it("has ids below its size and no BOS", () => {
    expect(vocabulary.structural.every(({ token }) => token >= 256 && token < vocabulary.size)).toBe(true);
    expect(vocabulary.bos).toBeUndefined();
  });
});
