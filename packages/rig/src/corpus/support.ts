import { stopWords } from "./stop-words.ts";
import { fold, stem, termsOfWord, words } from "./terms.ts";

export interface Support {
  readonly supported: boolean;
  /** The words of the sentence that the window does not hold, in the order of the sentence, each once. */
  readonly missing: readonly string[];
}

export interface SupportOptions {
  /** What belongs to the window without standing in its text: its heading, the head of its table. */
  readonly heading?: string;
  /** The least share of content words that the window has to hold. */
  readonly shareMin?: number;
}

/**
 * Whether a window carries a sentence, by its words alone: every number and every name of the sentence stands in the
 * window, and so does at least half of its other content words, in any form of the word.
 *
 * It refuses what was made up. It cannot see a denial ("is not enabled") or a changed relation between the same words.
 */
export function isSupported(sentence: string, windowText: string, options: SupportOptions = {}): Support {
  const present = presentIn(`${options.heading ?? ""}\n${windowText}`);
  const claims = claimsOf(sentence);
  const isMissing = ({ forms, parts }: Claim) =>
    !forms.some((form) => present.has(form)) && !holdsParts(present, parts);
  const missing = claims.filter(isMissing);
  const content = claims.filter((claim) => !claim.strict);
  const held = content.filter((claim) => !isMissing(claim)).length;
  // A sentence without one word to check is carried by nothing.
  const supported =
    claims.length > 0 && !missing.some((claim) => claim.strict) && held >= (options.shareMin ?? 0.5) * content.length;
  return { supported, missing: [...new Set(missing.map((claim) => claim.word))] };
}

interface Claim {
  readonly word: string;
  /** Any of these in the window is enough. */
  readonly forms: readonly string[];
  /** Or all of these: "peer to peer" carries "peer-to-peer", "16 bit" carries "16-bit". */
  readonly parts: readonly string[];
  /** Numbers and names have to be there. */
  readonly strict: boolean;
}

function claimsOf(sentence: string): Claim[] {
  const prepared = withoutGrouping(sentence);
  const initials = new Set(prepared.split(/[.!?:]\s+/).map((part) => words(part)[0]));
  const flags = new Set([...prepared.matchAll(flag)].flatMap(([found]) => words(found)));
  return words(prepared).flatMap((word): Claim[] => {
    const folded = fold(word);
    if (stopWords.has(folded)) return [];
    const capital = /^\p{Lu}/u.test(word) && !initials.has(word);
    const parts = flags.has(word) ? [] : word.split("-");
    if (/\p{N}/u.test(word)) return [{ word, forms: [folded], parts, strict: true }];
    return [{ word, forms: [folded, stem(folded)], parts, strict: capital || flags.has(word) || isName(word) }];
  });
}

// What stands before the dashes tells an option from the hyphen in "peer-to-peer".
const flag = /(?<![\p{L}\p{N}_-])--?\p{L}[\p{L}\p{N}_-]*/gu;

/** Identifiers, file names, camelCase and acronyms: words that mean one thing and nothing like it. */
function isName(word: string): boolean {
  return /[_.]/.test(word) || /\p{Ll}\p{Lu}/u.test(word) || /^\p{Lu}[\p{Lu}-]+s?$/u.test(word);
}

/** Everything that stands in a text: its words as they are, their parts and their stems. */
function presentIn(text: string): Set<string> {
  const present = new Set<string>();
  for (const word of words(withoutGrouping(text))) {
    const pieces = word.split(/[-'’+]/);
    for (const piece of [word, ...pieces]) present.add(fold(piece)).add(stem(fold(piece)));
    // The parts of "v0.5.0" are no numbers that the window speaks of.
    for (const term of termsOfWord(word)) if (!/^\d+$/.test(term)) present.add(term);
  }
  return present;
}

function holdsParts(present: ReadonlySet<string>, parts: readonly string[]): boolean {
  return parts.length > 1 && parts.every((part) => present.has(fold(part)) || present.has(stem(fold(part))));
}

// "1,503" and "1503" are one number.
function withoutGrouping(text: string): string {
  return text.replace(/(?<=\d),(?=\d{3}(?!\d))/g, "");
}
