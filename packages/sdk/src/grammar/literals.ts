import { GrammarInvalidError } from "../errors.ts";

/**
 * A GBNF literal that matches exactly `text`, in ASCII: `say "é"` becomes `"say \"\u00E9\""`.
 *
 * @throws GrammarInvalidError for NUL, which ends a grammar for llama.cpp, and for a lone surrogate, which no UTF-8
 * text contains: both would match nothing, without a sound.
 */
export function gbnfLiteral(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]|["\\]/gu, escapeCodePoint);
  return `"${escaped}"`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

function escapeCodePoint(char: string): string {
  const short = shortEscapes[char];
  if (short !== undefined) return short;
  const codePoint = char.codePointAt(0)!;
  if (codePoint === 0 || (codePoint >= 0xd800 && codePoint <= 0xdfff))
    throw new GrammarInvalidError(`a grammar cannot match U+${hex(codePoint, 4)}.`, { codePoint });
  if (codePoint <= 0xff) return `\\x${hex(codePoint, 2)}`;
  return codePoint <= 0xffff ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`;
}

function hex(codePoint: number, digits: number): string {
  return codePoint.toString(16).toUpperCase().padStart(digits, "0");
}

// Texts that differ this often along one path are written out in full: groups may not nest without end.
const sharedPrefixesMax = 64;

/**
 * The body of a rule that matches exactly one of `texts`, such as passage ids or quotes. Common beginnings are
 * shared, so that a sampler follows one path instead of one per text:
 *
 *     p1, p12, q   "p1" ("" | "2") | "q"
 *
 * @throws GrammarInvalidError when there are no texts, since such a rule matches nothing
 */
export function oneOf(texts: readonly string[]): string {
  if (texts.length === 0) throw new GrammarInvalidError("a choice needs at least one text.");
  return choice([...new Set(texts)], 0);
}

function choice(texts: readonly string[], depth: number): string {
  if (depth === sharedPrefixesMax) return texts.map(gbnfLiteral).join(" | ");
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const first = text === "" ? "" : String.fromCodePoint(text.codePointAt(0)!);
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [text]);
    else group.push(text);
  }
  return [...groups.values()].map((group) => sharedPrefixThenRest(group, depth)).join(" | ");
}

function sharedPrefixThenRest(group: readonly string[], depth: number): string {
  const prefix = group.reduce(commonPrefix);
  if (group.length === 1) return gbnfLiteral(prefix);
  const rests = group.map((text) => text.slice(prefix.length));
  return `${gbnfLiteral(prefix)} (${choice(rests, depth + 1)})`;
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  const endsInFirstHalf = (a.charCodeAt(length - 1) & 0xfc00) === 0xd800;
  return a.slice(0, endsInFirstHalf ? length - 1 : length);
}
