// What was written once in a tree is written again: a tool result is quoted, the schema of a call recurs, siblings work on
// the same text. So whatever followed the last three tokens when they were last seen, in any branch, is a guess.
//
//   log      ... the kiln is opened on Sunday ...          own text     when is the kiln is opened on
//                             guess ^^^^^^                 the last three       ^^^^^^^^^^^^
//
// All branches write into one log, each token linked to the one that followed it in its branch. The log is a ring.
import type { Token } from "../backend/ids.ts";
import type { Drafter } from "./drafter.ts";

/** The last three tokens of a branch, newest first, and where in the log the newest stands, counted from 1. */
interface End {
  readonly at: number;
  readonly last: readonly [Token, Token, Token];
}

const start: End = { at: 0, last: [-1, -1, -1] };
const firstCapacity = 1024;

/** Drafts by looking up what followed the same three tokens before. Holds up to 65,536 tokens: 1 MB. */
export class PromptLookup implements Drafter {
  readonly #capacityMax: number;
  readonly #ends = new Map<number, End>();
  // By place in the ring. Numbers in the log count from 1, so that 0 is nothing.
  #tokens = new Int32Array(firstCapacity);
  #keys = new Int32Array(firstCapacity);
  #next = new Int32Array(firstCapacity);
  /** By key: the number of the newest token with it that another one followed. */
  #seen = new Int32Array(firstCapacity);
  #count = 0;

  /** @param capacityMax - tokens, a power of two of at least 1,024 */
  constructor(capacityMax = 2 ** 16) {
    this.#capacityMax = capacityMax;
  }

  opened(branch: number, parent: number | undefined): void {
    this.#ends.set(branch, (parent !== undefined && this.#ends.get(parent)) || start);
  }

  closed(branch: number): void {
    this.#ends.delete(branch);
  }

  wrote(branch: number, tokens: readonly Token[]): void {
    // Every token that any branch is given comes through here: nothing is allocated for one.
    const { at: before, last } = this.#ends.get(branch) ?? start;
    let at = before;
    let [a, b, c] = last;
    for (const token of tokens) {
      [c, b, a] = [b, a, token];
      at = this.#append(at, token, keyOf(a, b, c));
    }
    this.#ends.set(branch, { at, last: [a, b, c] });
  }

  draft(branch: number, ahead: readonly Token[], most: number): Token[] {
    let [a, b, c] = (this.#ends.get(branch) ?? start).last;
    for (const token of ahead) [c, b, a] = [b, a, token];
    const key = keyOf(a, b, c);
    let at = this.#seen[key & this.#mask] as number;
    if (!this.#holds(at) || this.#keys[at & this.#mask] !== key) return [];
    const guesses: Token[] = [];
    while (guesses.length < most) {
      at = this.#next[at & this.#mask] as number;
      if (!this.#holds(at)) break;
      guesses.push(this.#tokens[at & this.#mask] as Token);
    }
    return guesses;
  }

  get #mask(): number {
    return this.#tokens.length - 1;
  }

  /** Whether the ring has not come round to it again. */
  #holds(number: number): boolean {
    return number > 0 && number > this.#count - this.#tokens.length;
  }

  /** The number of the token, which follows the one at `before`. */
  #append(before: number, token: Token, key: number): number {
    if (this.#count + 1 === this.#tokens.length && this.#tokens.length < this.#capacityMax) this.#grow();
    const number = ++this.#count;
    const place = number & this.#mask;
    this.#tokens[place] = token;
    this.#keys[place] = key;
    this.#next[place] = 0;
    if (this.#holds(before)) this.#follow(before, number);
    return number;
  }

  #follow(number: number, next: number): void {
    const place = number & this.#mask;
    this.#next[place] = next;
    this.#seen[(this.#keys[place] as number) & this.#mask] = number;
  }

  // The ring has not come round yet: every number keeps its place.
  #grow(): void {
    const { length } = this.#tokens;
    this.#tokens = doubled(this.#tokens);
    this.#keys = doubled(this.#keys);
    this.#next = doubled(this.#next);
    this.#seen = new Int32Array(2 * length);
    for (let number = 1; number < length; number++) {
      if (this.#next[number]) this.#follow(number, this.#next[number] as number);
    }
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

function keyOf(a: Token, b: Token, c: Token): number {
  let h = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b) ^ Math.imul(c + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  return h ^ (h >>> 15);
}
