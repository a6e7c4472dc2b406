import { call, type Operation, race, spawn } from "effection";
import { type PendingCall, type PoolState, viewOf } from "../pool/pool-state.ts";
import { runTool } from "../tools/run-tool.ts";
import type { AnyTool } from "../tools/tool.ts";

/** DISPATCH: runs the calls of ended turns, one after the other; a concurrent tool runs on beside the next ticks. */
export function* dispatchCalls(pool: PoolState): Operation<void> {
  const calls = pool.calls;
  pool.calls = [];
  for (const each of calls) {
    const { agent, tool: name, args, callId } = each;
    if (!agent.live) continue;
    const verdict = pool.policy.judgeCall(viewOf(pool, agent), { name, args });
    pool.events.send({ type: "agent:tool_call", agentId: agent.id, callId, tool: name, args });
    const tool = pool.tools.get(name);
    const turn = { agentId: agent.id, turn: agent.turn };
    if (!tool?.availableFor(turn)) deliver(pool, each, refusal(`There is no tool called ${name} now.`));
    else if (!verdict.run) deliver(pool, each, refusal(verdict.note));
    else if (tool.concurrent) yield* spawn(() => dispatchOne(pool, each));
    else yield* call(() => dispatchOne(pool, each));
  }
}

/** A call ends with its agent: whoever lets go of the one halts the other. */
function* dispatchOne(pool: PoolState, each: PendingCall): Operation<void> {
  yield* race([runCall(pool, each), each.agent.ending.operation]);
}

function* runCall(pool: PoolState, each: PendingCall): Operation<void> {
  const { agent, tool: name, args, callId } = each;
  const tool = pool.tools.get(name) as AnyTool;
  const outcome = yield* runTool(tool, {
    agentId: agent.id,
    callId,
    branch: agent.branch,
    args,
    turn: agent.turn,
    onProgress: ({ filled, total }) =>
      pool.events.send({ type: "agent:tool_progress", agentId: agent.id, tool: name, filled, total }),
  });
  deliver(pool, each, outcome);
}

function refusal(text: string): { result: unknown; text: string } {
  return { result: { error: text }, text };
}

/** A result is in: it waits for SETTLE, and a sleeping loop wakes up. */
export function deliver(
  pool: PoolState,
  { agent, callId, tool, args }: PendingCall,
  outcome: { result: unknown; text: string },
): void {
  if (!agent.live) return;
  if (tool) agent.calls.push({ name: tool, args, text: outcome.text });
  pool.results.push({ agent, callId, tool, result: outcome.result, text: outcome.text });
  pool.wake.ring();
}
