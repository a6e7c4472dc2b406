import { generate } from "@lloyal-labs/lloyal-agents";
import type { JsonSchema } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import { promptFile } from "./prompt-file.ts";

export interface PlannedQuestion {
  text: string;
  intent: "research" | "clarify";
  /** The query that it is a part of; absent when it is the query itself. */
  partOf?: string;
}

/** What an agent is asked. A part without the whole says too little: "What does it cost?" */
export function taskOf({ text, partOf }: PlannedQuestion): string {
  return partOf ? `${text}\n(Part of: ${partOf})` : text;
}

/**
 * Splits a query into at most `questionsMax` questions, by grammar. The query itself is always the first: a small
 * model's split may lose what was asked, the original never does.
 */
export function* planQuestions(
  query: string,
  questionsMax: number,
  onText?: (text: string) => void,
): Operation<PlannedQuestion[]> {
  const whole: PlannedQuestion = { text: query, intent: "research" };
  const extra = questionsMax - 1;
  if (extra < 1) return [whole];
  const schema: JsonSchema = {
    type: "object",
    properties: {
      questions: {
        type: "array",
        items: {
          type: "object",
          properties: {
            text: { type: "string", minLength: 8, maxLength: 120 },
            intent: { type: "string", enum: ["research", "clarify"] },
          },
          required: ["text", "intent"],
        },
        minItems: extra,
        maxItems: extra,
      },
    },
    required: ["questions"],
  };
  const { parsed } = yield* generate<{ questions: PlannedQuestion[] }>({
    systemPrompt: promptFile("plan"),
    prompt: `Question: ${query}\nWrite ${extra} short questions, each about one part of it. Keep its names.`,
    schema,
    maxTokens: 60 * extra,
    onText,
  });
  const split = (parsed?.questions ?? []).filter(
    ({ text }) => text.trim().toLowerCase() !== query.trim().toLowerCase(),
  );
  const questions = [whole, ...split.map((question) => ({ ...question, partOf: query }))];
  // Every agent gets a task: where the split gave too few, the whole query is worth a second look with other words.
  while (questions.length < questionsMax)
    questions.push({ text: "Find what else is said about this.", intent: "research", partOf: query });
  return questions.slice(0, questionsMax);
}
