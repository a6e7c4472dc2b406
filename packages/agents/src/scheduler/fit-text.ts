import { buildToolResultDelta, type Language, type Token } from "@lloyal-labs/sdk";
import type { MeasuredText } from "./measure-text.ts";

/** The results of one turn as the tokens to append, with the texts that are really in them. */
export interface SettledResults {
  tokens: Token[];
  texts: string[];
}

/**
 * The delta of one turn's results in at most `tokensMax` tokens: whole if it fits, else each text cut at a line
 * to its share and marked as cut. Undefined when not even the frame of an empty result fits.
 *
 * @remarks Cost: no attempt tokenizes more of a measured text than the piece that it cuts, and its mark.
 */
export function fitResults(
  language: Language,
  results: readonly { name: string; measured: MeasuredText }[],
  tokensMax: number,
): SettledResults | undefined {
  const known = new Map(results.flatMap(({ measured }) => [...measured.pieces]));
  let share = 1;
  for (let attempt = 0; attempt < 12; attempt++) {
    const texts = results.map(({ measured }) => firstPart(measured, share));
    const tokens = buildToolResultDelta(
      language,
      results.map(({ name }, i) => ({ name, text: texts[i] as string })),
      known,
    );
    if (tokens.length <= tokensMax) return { tokens, texts };
    // Tokens are roughly proportional to characters; the factor makes sure that the loop ends.
    share *= Math.min(0.9, (tokensMax / tokens.length) * 0.95);
  }
  return undefined;
}

function firstPart({ text, charsMax }: MeasuredText, share: number): string {
  if (share === 1 && charsMax === text.length) return text;
  return cutAtLine(text, Math.floor(charsMax * share));
}

function cutAtLine(text: string, charsMax: number): string {
  const lineEnd = text.lastIndexOf("\n", charsMax);
  // Never half a character: a lone surrogate would be read as U+FFFD.
  const kept = text.slice(0, lineEnd > charsMax / 2 ? lineEnd : charsMax).replace(/[\ud800-\udbff]$/, "");
  return `${kept}\n[cut: ${kept.length} of ${text.length} characters shown]`;
}
