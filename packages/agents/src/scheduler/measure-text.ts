import type { Language, PieceTokens } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import { letEventsIn } from "./let-events-in.ts";

/** A text that an agent is to read, with what is known of its tokens. */
export interface MeasuredText {
  text: string;
  /** Characters from the start that are worth trying; fewer than the text has when the whole cannot fit. */
  charsMax: number;
  pieces: PieceTokens;
}

/** A text so short that it is tokenized where it is needed. */
export function shortText(text: string): MeasuredText {
  return { text, charsMax: text.length, pieces: new Map() };
}

/**
 * Tokenizes a tool's result piece by piece, until it has more than `tokensMax` tokens. Before each piece of a long text the
 * event loop runs: 200 KB at once would hold it up for 80 ms. SETTLE then finds the tokens of what it gives, whole or in part.
 */
export function* measureText(
  language: Language,
  result: { name: string; text: string },
  tokensMax: number,
): Operation<MeasuredText> {
  const { text } = result;
  const known: PieceTokens = new Map();
  const pieces = language.contentPieces(language.toolResults([result]));
  let tokens = 0;
  let chars = 0;
  for (const piece of pieces) {
    if (tokens > tokensMax) break;
    // Before the first one, too: to look through a long text takes its time already.
    if (pieces.length > 1) yield* letEventsIn();
    tokens += language.tokenize([{ text: piece, origin: "tool" }], known).length;
    chars += piece.length;
  }
  // The language may write a text otherwise than it was given, as JSON for instance; then this is an estimate.
  const share = chars / pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { text, charsMax: share < 1 ? Math.floor(text.length * share) : text.length, pieces: known };
}
