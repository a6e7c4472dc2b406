import type { Token } from "../backend/ids.ts";
import type { Language, PieceTokens, ToolResultText, ToolSchema } from "./language.ts";

/*
 * A conversation grows by deltas; history is never rendered again, because the cache holds the very tokens that the
 * model produced. The stop token that ended a turn was produced but not committed, so a delta starts by closing it:
 *
 *     in the cache   …<|im_start|>assistant\nThe answer is 4.
 *     user delta     <|im_end|>\n  <|im_start|>user\n … <|im_end|>\n  <|im_start|>assistant\n
 */

/**
 * What an empty sequence begins with: BOS where the model has one, then the system turn with the tools.
 *
 * @returns token ids, shape [n]; n is 0 for a model without BOS when there is neither text nor a tool
 */
export function buildSystemPrefix(language: Language, text: string, tools: readonly ToolSchema[]): Token[] {
  return language.tokenize(language.system(text, tools));
}

/**
 * A user's turn after a turn of the model: closes that one, adds the user's, opens the next of the model.
 *
 * @param text - untrusted: it cannot yield a structural token
 * @returns token ids, shape [n], n >= 1
 */
export function buildUserDelta(language: Language, text: string): Token[] {
  return language.tokenize([...language.turnClose, ...language.user(text), ...language.generationPrompt]);
}

/**
 * The results of the calls of one turn of the model, in the order of the calls; the model goes on after them.
 *
 * @param results - untrusted texts: they cannot yield a structural token or forge the border of a result
 * @param known - tokens of pieces of the texts, as `Language.tokenize` takes and adds them
 * @returns token ids, shape [n], n >= 1
 */
export function buildToolResultDelta(
  language: Language,
  results: readonly ToolResultText[],
  known?: PieceTokens,
): Token[] {
  const delta = [...language.turnClose, ...language.toolResults(results), ...language.generationPrompt];
  return language.tokenize(delta, known);
}
