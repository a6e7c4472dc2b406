import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import ts from "typescript";

export interface Sample {
  /** Name of the text and hash of the code: the same wherever the sample moves to within its text. */
  readonly key: string;
  readonly file: string;
  /** 1-based line of the first line. */
  readonly line: number;
  readonly language: "typescript" | "command";
  /** As it stands in the text, with its indentation; lines joined by `\n`. */
  readonly code: string;
}

/**
 * Finds the samples of a text that marks none of them: no fences, no languages, sometimes no blank line between prose
 * and code. Code is a run of statements, and a statement is the shortest run of lines that TypeScript parses. Samples
 * with nothing but blank lines between them are one. Commands are looked for in all other lines, also within prose.
 */
export function extractSamples(file: string, text: string): Sample[] {
  const lines = text.split("\n");
  const samples: Sample[] = [];
  const add = (line: number, language: Sample["language"], code: string) => {
    const hash = createHash("sha256").update(code).digest("hex").slice(0, 8);
    samples.push({ key: `${basename(file, extname(file))}-${hash}`, file, line: line + 1, language, code });
  };
  for (let at = 0; at < lines.length; ) {
    const end = codeEnd(lines, at);
    if (end > at) add(at, "typescript", lines.slice(at, end).join("\n"));
    else for (const [command] of lines[at]!.matchAll(commands)) add(at, "command", command);
    at = Math.max(end, at + 1);
  }
  return samples;
}

/** The lines that no sample took and that end as code does: where the extraction missed something. */
export function missedLines(text: string, samples: readonly Sample[]): string[] {
  const taken = new Set(samples.flatMap(({ line, code }) => code.split("\n").map((_, i) => line + i)));
  return text.split("\n").filter((line, i) => !taken.has(i + 1) && /[;{}([]$|=>$/.test(line.trimEnd()));
}

const commands = /npm i(?: @?[\w.-]+(?:\/[\w.-]+)*)+|npx [\w.-]+(?: [\w./-]+)?/g;

/** Index after the run of statements that begins at `start`; `start` itself where none does. */
function codeEnd(lines: readonly string[], start: number): number {
  let end = start;
  for (let at = start; at < lines.length; at = end) {
    while (end > start && lines[at]?.trim() === "") at++;
    const next = statementEnd(lines, at);
    if (next === at) break;
    end = next;
  }
  return end;
}

const opening = /^\s*(?:\/\/|(?:import|const|let|for|if|class|function|yield|await)\b|[\w.]+\(|\w+ = )/;
const closing = /^\s*\/\/|[;}]\s*(?:\/\/.*)?$/;
const statementLinesMax = 80;

/** Index after the statement or comment that begins at `start`; `start` itself where none does. */
function statementEnd(lines: readonly string[], start: number): number {
  if (!opening.test(lines[start] ?? "")) return start;
  for (let end = start + 1; end <= Math.min(start + statementLinesMax, lines.length); end++) {
    if (closing.test(lines[end - 1]!) && parses(lines.slice(start, end).join("\n"))) return end;
  }
  return start;
}

// As the body of a function in which `yield` and `await` are both at home.
function parses(code: string): boolean {
  const { diagnostics } = ts.transpileModule(`async function* body() {\n${code}\n}`, { reportDiagnostics: true });
  return diagnostics?.length === 0;
}
