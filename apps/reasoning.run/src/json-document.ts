import { answerText, type PipelineResult } from "@lloyal-labs/rig";
import type { TreeStats } from "@lloyal-labs/sdk";

export interface RunFacts {
  model: string;
  backend: string;
  seed: number;
  nCtx: number;
  wallMs: number;
  stats: TreeStats;
}

/** What `--json` prints: one document, version 1. Fields are added, never changed. */
export function jsonDocument(result: PipelineResult, facts: RunFacts) {
  const { prefillTokens, idealPrefillTokens, decodedTokens, ticks, peakCells } = facts.stats;
  return {
    v: 1,
    query: result.query,
    answer: answerText(result),
    citations: result.statements.map(({ citation }) => citation),
    agents: result.agents.map((agent) => ({
      id: agent.agentId,
      task: agent.task,
      turns: agent.turns,
      toolCalls: agent.toolCallCount,
      tokens: agent.tokenCount,
      outcome: agent.outcome,
    })),
    stats: {
      prefillTokens,
      idealPrefillTokens,
      decodedTokens,
      ticks,
      wallMs: Math.round(facts.wallMs),
      peakCells,
      nCtx: facts.nCtx,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    },
    model: facts.model,
    backend: facts.backend,
    seed: facts.seed,
  };
}
