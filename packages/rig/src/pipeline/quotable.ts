import type { Language } from "@lloyal-labs/sdk";
import type { Sentence } from "../corpus/sentences.ts";

/** Whether the model can copy a sentence to the letter. */
export type Quotable = (sentence: Sentence) => boolean;

/** What a citation's tokens hold at two characters each. */
const quoteCharsMax = 440;

/**
 * A sentence is quoted under a grammar that allows nothing else. So one with a character that the vocabulary cannot
 * spell would leave the model without a token in the middle, and end the whole run.
 */
export function quotableIn(language: Language): Quotable {
  return ({ text }) =>
    text.length <= quoteCharsMax && language.detokenize(language.tokenize([{ text, origin: "tool" }])) === text;
}
