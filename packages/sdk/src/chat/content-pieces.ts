/** Most UTF-16 units of content that one `tokenize` call gets: one or two milliseconds of work. */
export const pieceCharsMax = 4096;

/**
 * Cuts content into the pieces that are tokenized each by itself; joined they are the text. A piece ends after the last
 * line of its second half, else at the limit, and never between the halves of a surrogate pair.
 *
 * Where a piece ends depends only on the `pieceCharsMax` units from its start, so texts that begin alike have their first
 * pieces in common: what is known of a page holds for the part of it that is given.
 *
 * @remarks Cost: O(text).
 */
export function cutIntoPieces(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > pieceCharsMax) {
    const piece = firstPiece(text.slice(start, start + pieceCharsMax + 1));
    pieces.push(piece);
    start += piece.length;
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** @param text - one unit more than a piece has, to see what follows */
function firstPiece(text: string): string {
  const lineEnd = text.lastIndexOf("\n", pieceCharsMax - 1) + 1;
  if (lineEnd > pieceCharsMax / 2) return text.slice(0, lineEnd);
  const splitsPair = /[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(-2));
  return text.slice(0, splitsPair ? -2 : -1);
}
