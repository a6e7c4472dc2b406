import type { Vocabulary } from "../backend/vocabulary.ts";
import { detokenize } from "./detokenize.ts";

/** Gives each character that the vocabulary cannot spell as U+FFFD; all others stay. */
export type Spellable = (text: string) => string;

/**
 * A byte-level vocabulary may lack bytes (SmolLM2 has no 0x04 and no 0xf2), and llama.cpp leaves out what it cannot
 * spell without a sound. Then text closes up over the gap: from `</tool\u0004_response>` the model would read the end
 * of a tool result that nobody who looked at the text could see. A lone surrogate has no bytes at all.
 *
 * @remarks Cost: O(text), and one `tokenize` call for each distinct character, once in the vocabulary's life.
 */
export function compileSpellable(vocabulary: Vocabulary): Spellable {
  // By code point, in pages of 256 that are made when they are needed: 0 not asked yet, 1 can be spelled, 2 cannot.
  const pages: (Uint8Array | undefined)[] = [];
  const canSpell = (char: string) => {
    const codePoint = char.codePointAt(0)!;
    const page = pages[codePoint >> 8] ?? new Uint8Array(256);
    pages[codePoint >> 8] = page;
    page[codePoint & 255] ||= detokenize(vocabulary, vocabulary.tokenize(char, false)).includes(char) ? 1 : 2;
    return page[codePoint & 255] === 1;
  };
  // Every vocabulary spells printable ASCII.
  return (text) => text.replace(/[^ -~\n]/gu, (char) => (canSpell(char) ? char : "\uFFFD"));
}
