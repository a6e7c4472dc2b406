/** Offsets of one sentence in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const abbreviations = new Set(
  "e.g i.e ex cf vs approx resp incl fig no dr mr mrs ms prof st sec ch eq al ca eg ie viz inc ltd min max".split(" "),
);
const closers = new Set([...")]\"'”’*_`»"]);
// A small letter, a slash or an operator goes on with the sentence: "(ex. /models)", "llama.cpp vs. -ngl".
const opensSentence = /[\p{Lu}\p{Lt}\p{Lo}\p{N}`"'“‘«([*_<!]|[^\p{ASCII}]/u;
const listMarker = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]/;

/**
 * Cuts prose into sentences, without changing a character: the spans hold everything but the white space and list markers
 * between them. One pass over the text. A full stop ends a sentence only before white space and something that may begin
 * one, outside of inline code, and not after an abbreviation; so `llama.cpp`, `v0.5.0`, `e.g.` and links stay whole.
 */
export function sentenceSpans(text: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  const close = (end: number) => {
    const span = trim(text, start, end);
    if (span.end > span.start) spans.push(span);
    start = end;
  };
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (char === "`") at = afterCode(text, at);
    else if (char === "\n") {
      if (beginsItem(text, at + 1)) close(at);
      at++;
    } else if (char === "。" || char === "！" || char === "？") close(++at);
    else if (char === "." || char === "!" || char === "?") {
      const end = afterClosers(text, at + 1);
      if (endsSentence(text, start, at, end)) close(end);
      at = end;
    } else at++;
  }
  close(text.length);
  return spans;
}

/** Past the code span that opens at `at`; past its backticks alone where it does not close within the paragraph. */
function afterCode(text: string, at: number): number {
  let open = at;
  while (text[open] === "`") open++;
  const fence = text.slice(at, open);
  // The bound keeps a text of single backticks linear, and a code span that long is none.
  const close = text.slice(open, open + 400).indexOf(fence);
  return close < 0 ? open : open + close + fence.length;
}

function afterClosers(text: string, at: number): number {
  let end = at;
  while (end < text.length && (closers.has(text[end]!) || ".!?".includes(text[end]!))) end++;
  return end;
}

function endsSentence(text: string, start: number, at: number, end: number): boolean {
  if (end >= text.length) return true;
  if (!/\s/.test(text[end]!)) return false;
  const next = /\S/.exec(text.slice(end, end + 80))?.[0];
  if (next === undefined) return true;
  if (!opensSentence.test(next)) return false;
  if (text[at] !== ".") return true;
  const before = lastWord(text, start, at);
  if (/^\p{Lu}$/u.test(before) || abbreviations.has(before.toLowerCase())) return false;
  // "1. Convert the model" is one item, not two sentences.
  return !(/^\d+$/.test(before) && text.slice(start, at).trim() === before);
}

function lastWord(text: string, start: number, at: number): string {
  let from = at;
  while (from > start && at - from < 24 && /[\p{L}\p{N}.]/u.test(text[from - 1]!)) from--;
  return text.slice(from, at);
}

function beginsItem(text: string, at: number): boolean {
  const head = text.slice(at, at + 40);
  return /^[ \t>]*(?:\n|$)/.test(head) || listMarker.test(head) || /^[ \t]*\|/.test(head);
}

function trim(text: string, from: number, to: number): Span {
  let start = from;
  let end = to;
  const marker = /^(?:\s|>)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?/.exec(text.slice(start, Math.min(end, start + 200)));
  start += marker?.[0].length ?? 0;
  while (start < end && /\s/.test(text[start]!)) start++;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  return { start, end };
}
