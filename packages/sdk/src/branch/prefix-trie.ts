import type { Token } from "../backend/ids.ts";
import { NumberSet } from "./number-set.ts";

/** Identifies a token path: the tokens from position 0 up to here. */
export type PathHash = number;

export const emptyPath: PathHash = 0;

/**
 * Counts how many of the prefilled tokens a perfect prefix cache would also have had to prefill.
 *
 * A token prefilled at a path that was written before, by anyone, at any time of the run, was avoidable; every
 * other one belongs to the ideal prefix tree. Costs one set entry (16 to 32 bytes) per distinct path.
 */
export class PrefixTrie {
  readonly #written = new NumberSet();
  #ideal = 0;

  get idealPrefillTokens(): number {
    return this.#ideal;
  }

  /** Walks `tokens` from `path`; the path after the last of them. */
  prefill(path: PathHash, tokens: readonly Token[]): PathHash {
    let here = path;
    for (const token of tokens) {
      here = childPath(here, token);
      if (this.#written.add(here)) this.#ideal += 1;
    }
    return here;
  }

  /** A decoded token extends the path; prefilling it again later would be avoidable. */
  commit(path: PathHash, token: Token): PathHash {
    const here = childPath(path, token);
    this.#written.add(here);
    return here;
  }
}

// Two rounds of multiply-xorshift over the high and low half: 53 bits, enough that 10^6 paths collide with
// probability below 10^-4 (birthday bound n^2 / 2^54).
function childPath(path: PathHash, token: Token): PathHash {
  const low = path % 0x100000000;
  const high = Math.floor(path / 0x100000000);
  const a = mix(low ^ Math.imul(token + 1, 0x9e3779b1));
  const b = mix(high ^ Math.imul(token + 1, 0x85ebca6b) ^ a);
  return (b & 0x1fffff) * 0x100000000 + (mix(a ^ b) >>> 0);
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
