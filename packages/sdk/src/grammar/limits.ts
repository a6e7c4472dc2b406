import { GrammarInvalidError } from "../errors.ts";

/**
 * What a grammar may be, for every backend. Beyond these llama.cpp's own parser crashes or drops the constraint in silence; ours
 * refuses some more, for what they compile to (`native/core/grammar_limits.cpp`).
 */
export const grammarLimits = {
  sizeBytes: 1 << 20,
  /** Nested groups: the native parser recurses, on whatever stack its thread has. */
  nesting: 256,
  /** `x{0,2001}` is no error for llama.cpp: it becomes `x*`. */
  repetitions: 2000,
} as const;

/**
 * Refuses a grammar that no backend should see: empty, too big, nested too deep, without `root`. It does not prove
 * the rest of the grammar right; the backend's parser does, and its refusal is an error too.
 *
 * @throws GrammarInvalidError with what is wrong and where
 * @remarks Cost: O(text), no recursion.
 */
export function checkGrammarLimits(text: string): void {
  if (text.trim() === "") refuse("a grammar is empty, which would be no constraint at all.");
  // UTF-8 needs at least one byte per UTF-16 unit: a huge text is refused before it is encoded.
  const sizeBytes = text.length > grammarLimits.sizeBytes ? text.length : new TextEncoder().encode(text).length;
  if (sizeBytes > grammarLimits.sizeBytes)
    refuse(`a grammar of ${sizeBytes} bytes is over the limit of ${grammarLimits.sizeBytes}.`, { sizeBytes });
  if (/\p{Surrogate}|\0/u.test(text)) refuse("a grammar contains NUL or a lone surrogate.");
  if (text.trimStart().startsWith("%")) refuse("a grammar in another language than GBNF is not supported.");
  if (!scanRules(text).hasRoot) refuse("a grammar has no rule named root.");
}

function scanRules(text: string): { hasRoot: boolean } {
  let hasRoot = false;
  let depth = 0;
  for (let position = 0; position < text.length; position++) {
    const char = text[position]!;
    if (char === '"') position = endOfQuoted(text, position, '"');
    else if (char === "[") position = endOfClass(text, position);
    else if (char === "#") position = endOfLine(text, position);
    else if (char === "{") checkRepetition(text, position);
    else if (char === ")") depth--;
    else if (char === "(") {
      depth++;
      if (depth > grammarLimits.nesting)
        refuse(`groups are nested deeper than ${grammarLimits.nesting}.`, { position });
    } else if (char === ":" && text.startsWith("::=", position) && namesRoot(text, position)) hasRoot = true;
  }
  return { hasRoot };
}

/** The position of the closing quote. */
function endOfQuoted(text: string, start: number, close: string): number {
  for (let position = start + 1; position < text.length; position++) {
    if (text[position] === "\\") position++;
    else if (text[position] === close) return position;
  }
  return refuse("a literal or a character class is not closed.", { position: start });
}

function endOfClass(text: string, start: number): number {
  const end = endOfQuoted(text, start, "]");
  const inside = text.slice(start + 1, Math.min(end, start + 3));
  // llama.cpp reads an empty class, even [^], as nothing at all.
  if (inside === "" || inside === "^") refuse("a character class is empty.", { position: start });
  return end;
}

function endOfLine(text: string, start: number): number {
  let position = start;
  while (position < text.length && text[position] !== "\n" && text[position] !== "\r") position++;
  return position;
}

function checkRepetition(text: string, start: number): void {
  const counts =
    text
      .slice(start, start + 64)
      .match(/^[^}]*/)![0]
      .match(/\d+/g) ?? [];
  for (const count of counts)
    if (Number(count) > grammarLimits.repetitions)
      refuse(`a repetition of ${count} is over the limit of ${grammarLimits.repetitions}.`, { position: start });
  // llama.cpp would count down from the negative difference as if it were unsigned.
  if (Number(counts[1] ?? Infinity) < Number(counts[0]))
    refuse("a repetition ends before it begins.", { position: start });
}

function namesRoot(text: string, position: number): boolean {
  return /(?:^|[^a-zA-Z0-9-])root[ \t]*$/.test(text.slice(Math.max(0, position - 64), position));
}

function refuse(reason: string, facts: Record<string, number> = {}): never {
  throw new GrammarInvalidError(reason, facts);
}
