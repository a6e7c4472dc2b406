import { Tool } from "@lloyal-labs/lloyal-agents";
import type { Operation } from "effection";
import { renderPassages } from "../../evidence/passage-book.ts";
import type { BoundCorpus } from "../bound-corpus.ts";
import { readLines } from "../read-file.ts";

interface Args {
  path: string;
  startLine: number;
}

/** Reads on in a file that search has found. */
export class ReadFileTool extends Tool<Args> {
  readonly name = "read_file";
  readonly description = "Read a file from a line on.";
  readonly parameters = {
    type: "object",
    properties: {
      path: { type: "string", minLength: 1, maxLength: 100 },
      startLine: { type: "integer", minimum: 1, maximum: 99_999 },
    },
    required: ["path", "startLine"],
    additionalProperties: false,
  };
  readonly #bound: BoundCorpus;

  constructor(bound: BoundCorpus) {
    super();
    this.#bound = bound;
  }

  *execute({ path, startLine }: Args): Operation<string> {
    const { corpus, chunks, book } = this.#bound;
    const read = readLines(corpus, path, startLine, startLine + 24);
    if (!read.ok) return read.message;
    const windows = chunks.filter((chunk) => chunk.file === read.file && chunk.endLine >= startLine).slice(0, 3);
    if (windows.length === 0) return read.text;
    return renderPassages(windows.map((chunk) => book.passageOf(chunk)));
  }
}
