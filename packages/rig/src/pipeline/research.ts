import {
  type AgentPolicy,
  type AgentResult,
  agentPool,
  DefaultAgentPolicy,
  parallel,
  withSpine,
} from "@lloyal-labs/lloyal-agents";
import type { Operation } from "effection";
import type { CorpusSource } from "../corpus/corpus-source.ts";
import { type PlannedQuestion, taskOf } from "./plan.ts";
import { promptFile } from "./prompt-file.ts";

export interface ResearchOptions {
  maxTurns?: number;
  policy?: AgentPolicy;
  /** Not 0: agents vary their searches, the same way each time. 0, the default: the likeliest words. */
  seed?: number;
}

/** One agent per question, all from one spine that holds the instructions and the tool schemas. */
export function research(
  source: CorpusSource,
  questions: readonly PlannedQuestion[],
  options: ResearchOptions = {},
): Operation<AgentResult[]> {
  const tools = source.tools;
  const spine = { systemPrompt: promptFile("research"), tools: [...tools, source.reportTool] };
  return withSpine(spine, function* (parent) {
    const { agents } = yield* agentPool({
      orchestrate: parallel(questions.map((question) => ({ content: taskOf(question) }))),
      tools,
      parent,
      terminal: source.reportTool,
      policy:
        options.policy ??
        new DefaultAgentPolicy({ maxTurns: options.maxTurns ?? 3, maxTurnTokens: 128, openWith: ["search"] }),
      ...(options.seed && { sampling: { temperature: 0.7, topP: 0.9, seed: options.seed } }),
    });
    return agents;
  });
}
