import { RE2JS } from "re2js";
import { clipped } from "./clipped.ts";
import { type Corpus, isTabular } from "./corpus.ts";
import { quoted, type ToolFault, toolFault } from "./tool-fault.ts";

export interface GrepMatch {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** The line, verbatim; of a long line the part around the match. */
  readonly text: string;
}

export interface GrepMatches {
  readonly ok: true;
  readonly matches: readonly GrepMatch[];
  /** Why there may be more: a limit that was reached, in words. Absent when every line was searched. */
  readonly incomplete?: string;
}

export interface GrepOptions {
  /** At most this many lines come back; 1 to 200. */
  readonly limit?: number;
  readonly ignoreCase?: boolean;
}

const patternCharsMax = 512;
const matchesMax = 200;
const matchCharsMax = 240;
// Of a longer line only the beginning is searched: it is data, and a match far inside could not be shown in context.
const lineCharsMax = 64 * 1024;
// The time of a search is bounded by its work, not by a clock, so that the same call finds the same lines everywhere.
// The matcher takes some 12 million characters a second at its slowest, fewer with large patterns.
const workMax = 64_000_000;
const smallProgram = 64;

/**
 * Every line that matches a pattern, in the order of the files, tables of data last. Time is linear in the text: the
 * patterns are those of RE2, which has neither lookaround nor backreferences.
 */
export function grep(corpus: Corpus, pattern: string, options: GrepOptions = {}): GrepMatches | ToolFault {
  const matcher = compile(pattern, options.ignoreCase ?? false);
  if (!(matcher instanceof RE2JS)) return matcher;
  const limit = Math.min(matchesMax, Math.max(1, Math.trunc(options.limit ?? 20) || 1));
  const costPerChar = Math.max(1, matcher.programSize() / smallProgram);
  const matches: GrepMatch[] = [];
  let work = 0;
  let shortened = 0;
  for (const file of inReadingOrder(corpus)) {
    for (const [index, line] of file.lines.entries()) {
      work += (Math.min(line.length, lineCharsMax) + 8) * costPerChar;
      if (work > workMax) return found(matches, `the search stopped in ${file.path}: use a simpler pattern`);
      if (line.length > lineCharsMax) shortened++;
      const searched = line.length > lineCharsMax ? line.slice(0, lineCharsMax) : line;
      if (!matcher.test(searched)) continue;
      if (matches.length === limit) return found(matches, `more than ${limit} lines match: use a narrower pattern`);
      matches.push({ file: file.path, line: index + 1, text: excerpt(matcher, searched) });
    }
  }
  return found(
    matches,
    shortened > 0 ? `${shortened} very long lines were searched only at their beginning` : undefined,
  );
}

function compile(pattern: string, ignoreCase: boolean): RE2JS | ToolFault {
  if (pattern.length > patternCharsMax) {
    const what = `the pattern has ${pattern.length} characters, more than ${patternCharsMax}.`;
    return toolFault("PATTERN_TOO_LONG", what, "Search for one short word or name.");
  }
  if (pattern === "") return toolFault("PATTERN_INVALID", "the pattern is empty.", "Give a word to look for.");
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 160) : "unknown reason";
    const remedy = /\(\?[=!<]|\\[1-9]/.test(pattern)
      ? "Lookaround and backreferences do not exist here; search for the plain words instead."
      : "Put a backslash before . * + ? ( ) [ ] { } | to search for the character itself, or search for a plain word.";
    return toolFault("PATTERN_INVALID", `the pattern ${quoted(pattern)} is not valid (${reason}).`, remedy);
  }
}

// One word would find a thousand rows of data before the sentence that explains it.
function inReadingOrder(corpus: Corpus) {
  const tabular = corpus.files.filter((file) => isTabular(file.path));
  return [...corpus.files.filter((file) => !isTabular(file.path)), ...tabular];
}

function excerpt(matcher: RE2JS, line: string): string {
  if (line.length <= matchCharsMax) return line;
  const at = Number(matcher.exec(line)?.["index" as never] ?? 0);
  const start = Math.max(0, Math.min(at - matchCharsMax / 4, line.length - matchCharsMax));
  return clipped(line.slice(start), matchCharsMax);
}

function found(matches: readonly GrepMatch[], incomplete: string | undefined): GrepMatches {
  return { ok: true, matches, ...(incomplete === undefined ? {} : { incomplete }) };
}
