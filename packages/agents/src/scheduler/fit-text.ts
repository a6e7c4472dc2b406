import { buildToolResultDelta, type Language, type Token } from "@lloyal-labs/sdk";

/** The results of one turn as the tokens to append, with the texts that are really in them. */
export interface SettledResults {
  tokens: Token[];
  texts: string[];
}

/**
 * The delta of one turn's results in at most `tokensMax` tokens: whole if it fits, else each text cut at a line
 * to its share and marked as cut. Undefined when not even the frame of an empty result fits.
 */
export function fitResults(
  language: Language,
  results: readonly { name: string; text: string }[],
  tokensMax: number,
): SettledResults | undefined {
  let share = 1;
  for (let attempt = 0; attempt < 12; attempt++) {
    const texts = results.map(({ text }) => (share === 1 ? text : cutAtLine(text, Math.floor(text.length * share))));
    const tokens = buildToolResultDelta(
      language,
      results.map(({ name }, i) => ({ name, text: texts[i] as string })),
    );
    if (tokens.length <= tokensMax) return { tokens, texts };
    // Tokens are roughly proportional to characters; the factor makes sure that the loop ends.
    share *= Math.min(0.9, (tokensMax / tokens.length) * 0.95);
  }
  return undefined;
}

function cutAtLine(text: string, charsMax: number): string {
  const lineEnd = text.lastIndexOf("\n", charsMax);
  // Never half a character: a lone surrogate would be read as U+FFFD.
  const kept = text.slice(0, lineEnd > charsMax / 2 ? lineEnd : charsMax).replace(/[\ud800-\udbff]$/, "");
  return `${kept}\n[cut: ${kept.length} of ${text.length} characters shown]`;
}
