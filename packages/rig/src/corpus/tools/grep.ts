import { Tool } from "@lloyal-labs/lloyal-agents";
import type { Operation } from "effection";
import { renderPassages } from "../../evidence/passage-book.ts";
import type { BoundCorpus } from "../bound-corpus.ts";
import { clipped } from "../clipped.ts";
import { grep } from "../grep.ts";

/** Exact patterns over every file, in linear time. */
export class GrepTool extends Tool<{ pattern: string }> {
  readonly name = "grep";
  readonly description = "Find the passages that hold an exact name or regular expression.";
  readonly parameters = {
    type: "object",
    properties: { pattern: { type: "string", minLength: 3, maxLength: 80 } },
    required: ["pattern"],
    additionalProperties: false,
  };
  readonly #bound: BoundCorpus;

  constructor(bound: BoundCorpus) {
    super();
    this.#bound = bound;
  }

  *execute({ pattern }: { pattern: string }): Operation<string> {
    const { corpus, chunks, book } = this.#bound;
    const found = grep(corpus, pattern, { limit: 40, ignoreCase: true });
    if (!found.ok) return found.message;
    const windows = new Set(
      found.matches.flatMap(({ file, line, text }) => {
        const at = chunks.filter((chunk) => chunk.file === file && chunk.startLine <= line && line <= chunk.endLine);
        // One long line may hold several windows.
        return at.find((chunk) => chunk.text.includes(text.trim())) ?? at[0] ?? [];
      }),
    );
    const passages = [...windows].slice(0, 3).map((chunk) => book.passageOf(chunk));
    if (passages.length === 0) return found.matches.length === 0 ? "No line matches." : listMatches(found.matches);
    const rest = windows.size - passages.length;
    return renderPassages(passages) + (rest > 0 ? `\n\n(${rest} more passages match.)` : "");
  }
}

function listMatches(matches: readonly { file: string; line: number; text: string }[]): string {
  return matches
    .slice(0, 5)
    .map(({ file, line, text }) => `${file}:${line}: ${clipped(text, 160)}`)
    .join("\n");
}
