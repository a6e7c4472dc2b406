import type { Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";

/** The text of tokens, structural ones included as their literals. Incomplete UTF-8 becomes U+FFFD. */
export function detokenize(vocabulary: Vocabulary, tokens: readonly Token[]): string {
  const pieces = tokens.map((token) => vocabulary.bytes(token, true));
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  // Without ignoreBOM a decoder drops U+FEFF at the start of a text, and the round trip is not exact.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
