import { Tool, type ToolContext } from "@lloyal-labs/lloyal-agents";
import type { Operation } from "effection";
import { renderPassages } from "../../evidence/passage-book.ts";
import type { BoundCorpus } from "../bound-corpus.ts";

/** Ranked full-text search; gives the best windows whole. */
export class SearchTool extends Tool<{ query: string }> {
  readonly name = "search";
  readonly description = "Find the passages that best match some words.";
  readonly parameters = {
    type: "object",
    properties: { query: { type: "string", minLength: 3, maxLength: 100 } },
    required: ["query"],
    additionalProperties: false,
  };
  readonly #bound: BoundCorpus;
  readonly #passagesMax: number;

  constructor(bound: BoundCorpus, options: { passagesMax?: number } = {}) {
    super();
    this.#bound = bound;
    this.#passagesMax = options.passagesMax ?? 3;
  }

  *execute({ query }: { query: string }, context?: ToolContext): Operation<string> {
    const { index, book } = this.#bound;
    const seen = new Set(context ? book.seenBy(context.agentId) : []);
    // A small model's words may miss what it was asked; the words of its task bring the search back to it.
    const words = context ? `${query} ${book.taskOf(context.agentId)}` : query;
    // What an agent has read already is in its cache: news costs cells, repetition would cost them again.
    const fresh = index
      .search(words, this.#passagesMax + seen.size)
      .map(({ chunk }) => book.passageOf(chunk))
      .filter((passage) => !seen.has(passage))
      .slice(0, this.#passagesMax);
    if (fresh.length === 0) return "No new passage matches these words.";
    return renderPassages(fresh);
  }
}
