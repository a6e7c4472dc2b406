export type JsonExtent =
  /** `end` is exclusive. */
  | { kind: "complete"; end: number }
  | { kind: "truncated" }
  /** No JSON goes on with the character at `at`. */
  | { kind: "invalid"; at: number };

/**
 * Where the JSON object that starts at `start` ends: braces are counted, strings skipped. Whether it is well-formed
 * is for JSON.parse to say.
 *
 * It stops at the first character that stands in no JSON outside a string. So a broken call does not swallow the
 * text after it, and a text of many broken calls is read in linear time.
 */
export function endOfJsonObject(text: string, start: number): JsonExtent {
  let depth = 0;
  for (let position = start; position < text.length; position++) {
    const char = text[position]!;
    if (char === '"') {
      const end = endOfString(text, position);
      if (end === undefined) return { kind: "truncated" };
      position = end - 1;
    } else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      depth--;
      if (depth === 0) return { kind: "complete", end: position + 1 };
    } else if (!standsOutsideStrings.test(char)) return { kind: "invalid", at: position };
  }
  return { kind: "truncated" };
}

// Separators, white space, and what numbers, true, false and null are made of.
const standsOutsideStrings = /[\s,:\-+.0-9Eaeflnrstu]/;

function endOfString(text: string, quote: number): number | undefined {
  for (let position = quote + 1; position < text.length; position++) {
    if (text[position] === "\\") position++;
    else if (text[position] === '"') return position + 1;
  }
  return undefined;
}
