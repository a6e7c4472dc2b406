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
  const verdicts = new Map<string, boolean>();
  const canSpell = (char: string) => {
    let verdict = verdicts.get(char);
    if (verdict === undefined) {
      verdict = detokenize(vocabulary, vocabulary.tokenize(char, false)).includes(char);
      verdicts.set(char, verdict);
    }
    return verdict;
  };
  // Every vocabulary spells printable ASCII.
  return (text) => text.replace(/[^ -~\n]/gu, (char) => (canSpell(char) ? char : "\uFFFD"));
}
