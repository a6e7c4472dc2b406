const nothing: readonly number[] = [];

/**
 * Tokens end inside code points: the text that is whole after `bytes` follow those that are `pending`, and the 0 to 3
 * bytes of the code point that is not.
 */
export function splitUtf8(
  pending: readonly number[],
  bytes: ArrayLike<number>,
): { text: string; rest: readonly number[] } {
  // Most text is ASCII, and needs no decoder to be told apart.
  if (pending.length === 0 && isAscii(bytes))
    return { text: String.fromCharCode.apply(undefined, bytes as number[]), rest: nothing };
  const all = [...pending, ...Array.from(bytes)];
  // An unfinished end is the one suffix that a decoder keeps back as a whole.
  const length = [3, 2, 1].find((count) => decode(all.slice(-count)) === "") ?? 0;
  const rest = length === 0 ? nothing : all.slice(-length);
  return { text: decode(all), rest };
}

function isAscii(bytes: ArrayLike<number>): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** The text so far. Broken bytes become U+FFFD; an unfinished end is left out. */
function decode(bytes: readonly number[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes), { stream: true });
}
