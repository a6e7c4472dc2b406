import { clipped } from "./clipped.ts";
import { type Corpus, fileOf } from "./corpus.ts";
import { nearestPaths } from "./nearest-paths.ts";
import { quoted, type ToolFault, toolFault } from "./tool-fault.ts";

export interface FileLines {
  readonly ok: true;
  readonly file: string;
  /** 1-based, both inclusive: what came back, not what was asked for. */
  readonly startLine: number;
  readonly endLine: number;
  readonly lineCount: number;
  /** The lines joined by `\n`, verbatim. */
  readonly text: string;
  /** In words, what of the request could not be met. */
  readonly note?: string;
}

const linesMax = 200;
const charsMax = 8000;

/**
 * Lines of a file of the corpus. The path has to be one of the listed paths: nothing is resolved and the disk is not
 * touched, so there is no way out of the corpus. Numbers beyond the file are moved into it, and `note` says so.
 */
export function readLines(
  corpus: Corpus,
  path: string,
  startLine = 1,
  endLine = startLine + linesMax - 1,
): FileLines | ToolFault {
  const file = fileOf(corpus, path) ?? fileOf(corpus, path.replace(/^\.\//, ""));
  if (!file) {
    const near = nearestPaths(corpus, path, 3);
    const remedy = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Search first; hits name their files.";
    return toolFault("PATH_UNKNOWN", `the corpus has no file ${quoted(path)}.`, remedy);
  }
  if (Number.isNaN(startLine) || Number.isNaN(endLine)) {
    return toolFault(
      "LINES_INVALID",
      "the line numbers are not numbers.",
      `${path} has lines 1 to ${file.lines.length}.`,
    );
  }
  const lineCount = file.lines.length;
  const clamp = (line: number) => Math.trunc(Math.min(lineCount, Math.max(1, line)));
  const first = clamp(Math.min(startLine, endLine));
  const wanted = clamp(Math.max(startLine, endLine));
  const last = fitting(file.lines, first, wanted);
  const text = file.lines.slice(first - 1, last).join("\n");
  const notes: string[] = [];
  if (first !== startLine || wanted !== endLine) notes.push(`The file has lines 1 to ${lineCount}.`);
  if (last < wanted) notes.push(`Only lines ${first} to ${last} fit; ask for ${last + 1} to ${wanted} next.`);
  if (text.length > charsMax) notes.push(`Line ${first} is longer than ${charsMax} characters and was cut.`);
  const note = notes.length > 0 ? { note: notes.join(" ") } : {};
  const shown = clipped(text, charsMax);
  return { ok: true, file: file.path, startLine: first, endLine: last, lineCount, text: shown, ...note };
}

/** The last line up to which the lines from `first` on fit; at least `first` itself. */
function fitting(lines: readonly string[], first: number, wanted: number): number {
  let chars = lines[first - 1]!.length;
  let last = first;
  while (last < wanted && last - first + 1 < linesMax && chars + 1 + lines[last]!.length <= charsMax) {
    chars += 1 + lines[last]!.length;
    last++;
  }
  return last;
}
