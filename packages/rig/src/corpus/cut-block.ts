import { type Block, weigh } from "./blocks.ts";
import { sentenceSpans } from "./sentence-spans.ts";

// Only a line without a space is cut inside of a word.
const blockCharsMax = 1000;

/** A block as pieces of at most `weightMax`: prose by sentences, everything else by lines. */
export function cutBlock(text: string, block: Block, weightMax: number): Block[] {
  // A fence that is never closed reaches past the last line break of the file.
  const source = text.slice(block.start, block.end).trimEnd();
  if (weigh(source) <= weightMax) return source === "" ? [] : [{ ...block, end: block.start + source.length }];
  // A head of a table that is as long as a window is no head.
  const kind = block.kind === "head" ? "row" : block.kind;
  const pieces = block.kind === "prose" ? sentenceSpans(source) : lineSpans(source);
  return pieces
    .flatMap(({ start, end }) => hardCut(source, start, end))
    .flatMap((span) => trimmed(source, span))
    .map(({ start, end }) => ({ ...block, kind, start: block.start + start, end: block.start + end }));
}

function lineSpans(source: string) {
  const spans: { start: number; end: number }[] = [];
  let start = 0;
  for (const line of source.split("\n")) {
    if (line.trim() !== "") spans.push({ start, end: start + line.length });
    start += line.length + 1;
  }
  return spans;
}

// A line of 100,000 characters is data in one line; it is cut at a space where there is one.
function hardCut(source: string, start: number, end: number) {
  const spans: { start: number; end: number }[] = [];
  let from = start;
  while (end - from > blockCharsMax) {
    const limit = from + blockCharsMax;
    const half = from + blockCharsMax / 2;
    const space = source.slice(half, limit).lastIndexOf(" ");
    const to = space > 0 ? half + space : wholeCharacter(source, limit);
    spans.push({ start: from, end: to });
    from = to;
  }
  spans.push({ start: from, end });
  return spans;
}

// A piece that ended in a line break would stand in one line less than it says. White space alone is no piece.
function trimmed(source: string, { start, end }: { start: number; end: number }) {
  const piece = source.slice(start, end);
  const text = piece.trim();
  if (text === "") return [];
  const from = start + piece.indexOf(text);
  return [{ start: from, end: from + text.length }];
}

// Half of a surrogate pair is no text.
function wholeCharacter(source: string, at: number): number {
  const code = source.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
