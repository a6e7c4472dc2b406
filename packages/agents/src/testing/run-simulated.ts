import type { BranchStore, SessionContext, Vocabulary } from "@lloyal-labs/sdk";
import { createSimulatedContext, type SimulatedEngineOptions, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { type Operation, run } from "effection";
import type { AgentEvent } from "../events/agent-event.ts";
import { traceRun } from "../events/trace.ts";
import { type AgentRuntime, initAgents } from "../init-agents.ts";

export interface SimulatedRun<T> {
  value: T;
  events: AgentEvent[];
  trace: string[];
  store: BranchStore;
  /** Cells and branches that were left when the body had ended. */
  left: { cells: number; branches: number };
}

/** Runs `body` on a simulated context whose model answers by `reply`. */
export async function runSimulated<T>(
  options: SimulatedEngineOptions & { reply?: (conversation: string) => string | undefined; vocabulary?: Vocabulary },
  body: (runtime: AgentRuntime) => Operation<T>,
): Promise<SimulatedRun<T>> {
  const { reply, vocabulary, ...engine } = options;
  const script = reply && scriptedReplies(reply);
  const ctx: SessionContext = createSimulatedContext({ ...engine, ...(script && { script }) }, vocabulary);
  const events: AgentEvent[] = [];
  const trace: string[] = [];
  return await run(function* () {
    const runtime = yield* initAgents(ctx);
    runtime.events.listen((event) => events.push(event));
    traceRun(runtime.store, runtime.events, (line) => trace.push(line));
    const value = yield* body(runtime);
    const left = { cells: runtime.store.pressure().used, branches: runtime.store.liveBranches };
    return { value, events, trace, store: runtime.store, left };
  });
}

/** A call as the model would write it. */
export function toolCallText(name: string, args: object): string {
  const json = JSON.stringify(args).replace(/":/g, '": ').replace(/,"/g, ', "');
  return `<tool_call>\n{"name": "${name}", "arguments": ${json}}\n</tool_call>`;
}
