import type { CodePointRange } from "./gbnf-ranges.ts";

/** The bits of a code point read so far. */
export interface PartialUtf8 {
  value: number;
  /** Continuation bytes still to come, 0 to 3. */
  remaining: number;
  /** The smallest code point of this length: a smaller one would be an overlong spelling. */
  least: number;
}

/** Undefined for a byte that begins no code point. */
export function beginUtf8(byte: number): PartialUtf8 | undefined {
  if (byte < 0x80) return { value: byte, remaining: 0, least: 0 };
  if (byte < 0xc2) return undefined;
  if (byte < 0xe0) return { value: byte & 0x1f, remaining: 1, least: 0x80 };
  if (byte < 0xf0) return { value: byte & 0x0f, remaining: 2, least: 0x800 };
  return byte < 0xf5 ? { value: byte & 0x07, remaining: 3, least: 0x10000 } : undefined;
}

/** Undefined where no code point can come of it. */
export function continueUtf8(partial: PartialUtf8, byte: number): PartialUtf8 | undefined {
  if ((byte & 0xc0) !== 0x80) return undefined;
  const next = { ...partial, value: (partial.value << 6) | (byte & 0x3f), remaining: partial.remaining - 1 };
  return legalCodePoints(next).length > 0 ? next : undefined;
}

/** The code points that `partial` may still become: not overlong, no surrogates, at most U+10FFFF. */
export function legalCodePoints({ value, remaining, least }: PartialUtf8): CodePointRange[] {
  const low = Math.max(value << (6 * remaining), least);
  const high = Math.min((value << (6 * remaining)) + 2 ** (6 * remaining) - 1, 0x10ffff);
  const belowSurrogates = { low, high: Math.min(high, 0xd7ff) };
  const aboveSurrogates = { low: Math.max(low, 0xe000), high };
  return [belowSurrogates, aboveSurrogates].filter((range) => range.low <= range.high);
}
