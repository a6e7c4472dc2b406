import type { AgentScript, Scenario, ToolScript } from "./scenario.ts";

/** Eight agents on one spine: each looks something up three times and reports. Nothing fails; made to be timed. */
export function eightAgents(): Scenario {
  const lookup: ToolScript = {
    name: "look",
    concurrent: false,
    latency: undefined,
    shy: false,
    progress: 0,
    act: { does: "answer", chars: 200 },
  };
  const call = { does: "call", tools: [lookup.name] } as const;
  const report = { does: "report", chars: 20 } as const;
  const agents = Array.from(
    { length: 8 },
    (_, i): AgentScript => ({
      key: `a${i}`,
      taskChars: 40,
      systemPrompt: false,
      turns: [call, call, call, report],
      recovery: report,
      after: [],
      startAfterMs: undefined,
      letGoAfterMs: undefined,
    }),
  );
  return {
    seed: 8,
    engine: { nCtx: 16_384, nSeqMax: 16, nBatch: 256, nUbatch: 64 },
    decodeLatency: undefined,
    parent: "spine",
    keepBranches: false,
    team: {
      isNested: false,
      orchestrator: "parallel",
      agents,
      tools: [lookup],
      terminal: true,
      policy: { maxTurns: 4, maxTurnTokens: 40, alwaysCall: true, recovery: {} },
      temperature: 0,
    },
  };
}
