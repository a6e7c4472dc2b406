import { createContext } from "@lloyal-labs/lloyal.node";
import { agentPool, DefaultAgentPolicy, initAgents, parallel, Tool, withSpine } from "@lloyal-labs/lloyal-agents";
import type { SessionContext } from "@lloyal-labs/sdk";
import { createSimulatedContext, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { type Operation, run, until } from "effection";
import type { BenchTarget } from "./arms.ts";
import { quantile, round } from "./figures.ts";

interface TickResult {
  /** From the end of one decode to the start of the next, three agents, real weights: what the loop itself costs. */
  loopMs: { median: number; p99: number; ticks: number };
  /** A whole pool of eight agents, each with a call and a report, on the simulated backend. */
  simulatedPoolMs: { median: number; samples: number[] };
}

class Lookup extends Tool<{ query: string }> {
  readonly name = "lookup";
  readonly description = "Look a word up.";
  readonly parameters = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
  *execute({ query }: { query: string }): Operation<unknown> {
    return `${query}: of no importance.`;
  }
}

class Report extends Tool<{ findings: string }> {
  readonly name = "report";
  readonly description = "End with your findings.";
  readonly parameters = {
    type: "object",
    properties: { findings: { type: "string", maxLength: 80 } },
    required: ["findings"],
  };
  *execute(): Operation<unknown> {
    return null;
  }
}

/** The loop's own share on real weights, and the wall time of a simulated pool. */
export async function benchTick({ modelPath }: BenchTarget): Promise<TickResult> {
  const gaps = await loopGaps(modelPath);
  const samples: number[] = [];
  for (let i = 0; i < 400; i++) samples.push(await simulatedPool());
  // The optimising compiler is through after some 200 pools.
  const warm = samples.slice(200);
  return {
    loopMs: { median: quantile(gaps, 0.5), p99: quantile(gaps, 0.99), ticks: gaps.length },
    simulatedPoolMs: { median: quantile(warm, 0.5), samples: warm.map(round) },
  };
}

/** Milliseconds between the end of a decode and the start of the next, where nothing but the loop ran in between. */
function loopGaps(modelPath: string): Promise<number[]> {
  return run(function* () {
    const ctx = yield* until(createContext({ modelPath, nCtx: 4096 }));
    const { store } = yield* initAgents(ctx);
    const gaps: number[] = [];
    let lastEnd: number | undefined;
    store.observe(({ type, ms }) => {
      const end = performance.now();
      if (type === "commit" && lastEnd !== undefined) gaps.push(end - ms - lastEnd);
      lastEnd = type === "commit" ? end : undefined;
    });
    yield* pool(3, 4);
    return gaps.slice(20);
  });
}

const script = scriptedReplies((conversation) =>
  conversation.includes("of no importance")
    ? '<tool_call>\n{"name": "report", "arguments": {"findings": "nothing"}}\n</tool_call>'
    : '<tool_call>\n{"name": "lookup", "arguments": {"query": "tide"}}\n</tool_call>',
);

/** Milliseconds of a pool, from the prefill of its spine to the last cell given back, on a context that is there. */
function simulatedPool(): Promise<number> {
  const ctx: SessionContext = createSimulatedContext({ nCtx: 16_384, nSeqMax: 16, nBatch: 2048, nUbatch: 32, script });
  return run(function* () {
    yield* initAgents(ctx);
    const started = performance.now();
    yield* pool(8, 2);
    return performance.now() - started;
  });
}

function pool(agents: number, maxTurns: number) {
  const [lookup, report] = [new Lookup(), new Report()];
  return withSpine({ systemPrompt: "Look a word up, then report.", tools: [lookup, report] }, (parent) =>
    agentPool({
      orchestrate: parallel(Array.from({ length: agents }, (_, i) => ({ content: `What is word ${i}?` }))),
      tools: [lookup],
      parent,
      terminal: report,
      policy: new DefaultAgentPolicy({ maxTurns, maxTurnTokens: 96 }),
    }),
  );
}

/** The bars of this bench that are missed. */
export function missedBars({ loopMs, simulatedPoolMs }: TickResult): string[] {
  const bars: [missed: boolean, text: string][] = [
    [!(loopMs.median < 0.5), `the loop takes ${loopMs.median} ms of a tick of three agents; the bar is 0.5`],
    [!(simulatedPoolMs.median < 10), `a simulated pool of eight takes ${simulatedPoolMs.median} ms; the bar is 10`],
  ];
  return bars.filter(([missed]) => missed).map(([, text]) => text);
}
