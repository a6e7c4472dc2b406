import type { AgentResult } from "@lloyal-labs/lloyal-agents";
import type { Operation } from "effection";
import type { CorpusSource } from "../corpus/corpus-source.ts";
import { type PlannedQuestion, planQuestions } from "./plan.ts";
import { research } from "./research.ts";
import { type Statement, type Synthesis, synthesize } from "./synthesize.ts";

export interface PipelineOptions {
  query: string;
  /** A bound source. */
  source: CorpusSource;
  /** Agents that research at once, >= 1. Default 3. */
  agents?: number;
  /** Turns of one agent. Default 3. */
  maxTurns?: number;
  /** Not 0: agents vary their searches, the same way each time. Default 0. */
  seed?: number;
  onStage?: (stage: "plan" | "research" | "synthesize") => void;
  onPlanText?: (text: string) => void;
}

export interface PipelineResult extends Synthesis {
  query: string;
  questions: PlannedQuestion[];
  agents: AgentResult[];
}

/** Plan, research, synthesize: from a question to statements whose citations were checked. */
export function* runPipeline(options: PipelineOptions): Operation<PipelineResult> {
  const { query, source, onStage } = options;
  onStage?.("plan");
  const questions = yield* planQuestions(query, options.agents ?? 3, options.onPlanText);
  onStage?.("research");
  const agents = yield* research(source, questions, { maxTurns: options.maxTurns, seed: options.seed });
  onStage?.("synthesize");
  const synthesis = yield* synthesize(query, questions, agents, source);
  return { query, questions, agents, ...synthesis };
}

export const notAnswered = "The corpus does not answer this question.";

/** The answer as text: one statement a line, each with its citation; those without support are marked. */
export function answerText(result: { statements: readonly Statement[]; answerable: boolean }): string {
  const lines = result.statements.map(({ text, citation }) => {
    const mark = citation.supported ? "" : " (not supported by the passage)";
    return `${text} [${citation.id}]${mark}`;
  });
  return result.answerable ? lines.join("\n") : [notAnswered, ...lines].join("\n");
}
