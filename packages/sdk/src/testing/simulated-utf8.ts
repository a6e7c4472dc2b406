/** Tokens end inside code points: the text that is whole, and the 0 to 3 bytes of the code point that is not. */
export function splitUtf8(bytes: readonly number[]): { text: string; rest: readonly number[] } {
  // Most text is ASCII, and needs no decoder to be told apart.
  if (bytes.every((byte) => byte < 0x80)) return { text: String.fromCharCode(...bytes), rest: [] };
  // An unfinished end is the one suffix that a decoder keeps back as a whole.
  const length = [3, 2, 1].find((count) => decode(bytes.slice(-count)) === "") ?? 0;
  const rest = length === 0 ? [] : bytes.slice(-length);
  return { text: decode(bytes), rest };
}

/** The text so far. Broken bytes become U+FFFD; an unfinished end is left out. */
function decode(bytes: readonly number[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes), { stream: true });
}
