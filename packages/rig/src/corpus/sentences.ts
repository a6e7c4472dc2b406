import type { Chunk, ChunkPart } from "./chunk-resources.ts";
import { sentenceSpans } from "./sentence-spans.ts";

/** The smallest thing that can be quoted: a sentence, a table row or a line of code, verbatim. */
export interface Sentence {
  readonly text: string;
  /** 1-based lines of the file, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
}

/** The sentences of a window, in order. Rules of tables, fences and heads of tables are none. */
export function sentences(chunk: Chunk): Sentence[] {
  return chunk.parts
    .flatMap((part) => unitsOf(chunk.text, part))
    .map(({ start, end }) => {
      const startLine = chunk.startLine + newlines(chunk.text, 0, start);
      const endLine = startLine + newlines(chunk.text, start, end);
      return { text: chunk.text.slice(start, end), startLine, endLine };
    });
}

interface Unit {
  readonly start: number;
  readonly end: number;
}

function unitsOf(text: string, part: ChunkPart): Unit[] {
  if (part.kind === "head") return [];
  if (part.kind === "row") return lineUnits(text, part.start, part.end);
  const units: Unit[] = [];
  let inFence = false;
  let from = part.start;
  const flush = (to: number) => {
    const code = inFence || part.kind === "code";
    units.push(...(code ? lineUnits(text, from, to) : proseUnits(text, from, to)));
  };
  for (let at = part.start; at < part.end; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 || newline > part.end ? part.end : newline;
    // A list item holds its own fences, and a long fence is cut into windows that hold one end of it or none.
    if (/^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(?:```|~~~)/.test(text.slice(at, Math.min(end, at + 80)))) {
      flush(at);
      inFence = !inFence;
      from = end;
    }
    at = end + 1;
  }
  flush(part.end);
  return units;
}

// "[!NOTE]" opens a coloured box; it says nothing.
const alertMark = /^\[![A-Z]+\]$/;

function proseUnits(text: string, from: number, to: number): Unit[] {
  return sentenceSpans(text.slice(from, to))
    .map(({ start, end }) => ({ start: from + start, end: from + end }))
    .filter(
      ({ start, end }) =>
        hasWord(text.slice(start, end)) && !alertMark.test(text.slice(start, Math.min(end, start + 20))),
    );
}

function lineUnits(text: string, from: number, to: number): Unit[] {
  const units: Unit[] = [];
  let start = from;
  for (const line of text.slice(from, to).split("\n")) {
    const lead = line.length - line.trimStart().length;
    if (hasWord(line)) units.push({ start: start + lead, end: start + line.trimEnd().length });
    start += line.length + 1;
  }
  return units;
}

function hasWord(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
