import { Tool, type TurnContext } from "@lloyal-labs/lloyal-agents";
import type { JsonSchema } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import type { PassageBook } from "../../evidence/passage-book.ts";

/** What an agent reports: the passage that answers its question, by id, and the answer in one sentence. */
export interface Finding {
  quote: string;
  findings: string;
}

/** What stands for "none of the passages answers this". */
export const noQuote = "none of these";

const sentenceCharsMax = 320;
const quotesMax = 48;

/**
 * Ends an agent. The quote comes before the finding and is one of the sentences that the agent has seen, by
 * grammar: a small model that has copied the evidence writes the answer from it.
 */
export class ReportTool extends Tool<Finding> {
  readonly name = "report";
  readonly description = "End with the one sentence that answers the question, and the answer.";
  readonly parameters: JsonSchema = {
    type: "object",
    properties: { quote: { type: "string" }, findings: { type: "string", maxLength: 200 } },
    required: ["quote", "findings"],
    additionalProperties: false,
  };
  readonly #book: PassageBook;

  constructor(book: PassageBook) {
    super();
    this.#book = book;
  }

  override parametersFor({ agentId }: TurnContext): JsonSchema {
    const quotes = this.#book
      .seenBy(agentId)
      .flatMap((passage) => passage.sentences.map(({ text }) => text))
      .filter((text) => text.length <= sentenceCharsMax)
      .slice(-quotesMax);
    return {
      ...this.parameters,
      properties: { ...this.parameters.properties, quote: { type: "string", enum: [...new Set(quotes), noQuote] } },
    };
  }

  *execute(finding: Finding): Operation<Finding> {
    return finding;
  }
}
