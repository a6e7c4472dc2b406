import { Tool, type TurnContext } from "@lloyal-labs/lloyal-agents";
import type { JsonSchema } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import type { PassageBook } from "../../evidence/passage-book.ts";

/** What an agent reports: the passage that answers its question, and the answer in one sentence. */
export interface Finding {
  /** Id of a passage that the agent has seen, or `none`. */
  passage: string;
  findings: string;
}

/** Says that no passage answers the question. */
const noPassage = "none";

/** Ends an agent. It can name only passages that it has seen: the grammar holds no other id. */
export class ReportTool extends Tool<Finding> {
  readonly name = "report";
  readonly description = "End with the passage that answers the question, and the answer.";
  readonly parameters: JsonSchema = {
    type: "object",
    properties: { passage: { type: "string" }, findings: { type: "string", minLength: 1, maxLength: 160 } },
    required: ["passage", "findings"],
    additionalProperties: false,
  };
  readonly #book: PassageBook;

  constructor(book: PassageBook) {
    super();
    this.#book = book;
  }

  override parametersFor({ agentId }: TurnContext): JsonSchema {
    const ids = this.#book.seenBy(agentId).map(({ id }) => id);
    const passage = { type: "string", enum: [...ids, noPassage] };
    return { ...this.parameters, properties: { ...this.parameters.properties, passage } };
  }

  *execute(finding: Finding): Operation<Finding> {
    return finding;
  }
}
