import { type Corpus, fileOf, type ResourceFile } from "./corpus.ts";

export interface LineRange {
  /** 1-based, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
}

export interface Quote extends LineRange {
  readonly file: string;
  readonly quote: string;
}

/** The lines on which a quote stands for the first time, character by character; undefined where it does not. */
export function findQuote(file: ResourceFile, quote: string): LineRange | undefined {
  if (quote.trim() === "") return undefined;
  const at = file.text.indexOf(quote);
  if (at < 0) return undefined;
  const startLine = 1 + newlines(file.text.slice(0, at));
  return { startLine, endLine: startLine + newlines(quote) };
}

/** Whether the quoted characters stand in just these lines of the file. This is what `verified` of a citation means. */
export function verifyQuote(corpus: Corpus, { file: path, startLine, endLine, quote }: Quote): boolean {
  const file = fileOf(corpus, path);
  if (!file || quote.trim() === "") return false;
  if (!Number.isInteger(startLine) || !Number.isInteger(endLine)) return false;
  if (startLine < 1 || endLine > file.lines.length || endLine < startLine) return false;
  return file.lines
    .slice(startLine - 1, endLine)
    .join("\n")
    .includes(quote);
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
