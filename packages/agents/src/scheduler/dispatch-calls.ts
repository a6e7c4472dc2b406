import { call, type Operation, spawn, withResolvers } from "effection";
import { type PendingCall, type PoolState, viewOf } from "../pool/pool-state.ts";
import { runTool } from "../tools/run-tool.ts";
import type { AnyTool } from "../tools/tool.ts";
import { type MeasuredText, measureText, shortText } from "./measure-text.ts";

/**
 * DISPATCH: runs the calls of ended turns, one after the other; a concurrent tool runs on beside the next ticks. What a
 * call gives is measured in the call's own task, before it is delivered.
 */
export function* dispatchCalls(pool: PoolState): Operation<void> {
  const calls = pool.calls;
  if (calls.length === 0) return;
  pool.calls = [];
  for (const each of calls) {
    const { agent, tool: name, args, callId } = each;
    if (!agent.live) continue;
    const verdict = pool.policy.judgeCall(viewOf(pool, agent), { name, args });
    pool.events.send({ type: "agent:tool_call", agentId: agent.id, callId, tool: name, args });
    const tool = pool.tools.get(name);
    const turn = { agentId: agent.id, turn: agent.turn };
    if (!tool?.availableFor(turn)) deliverNote(pool, each, `There is no tool called ${name} now.`);
    else if (!verdict.run) deliverNote(pool, each, verdict.note);
    else if (tool.concurrent) yield* spawn(() => dispatchOne(pool, each));
    else yield* call(() => dispatchOne(pool, each));
  }
}

/** A call ends with its agent: whoever lets go of the one halts the other. A race would cost four tasks in place of one. */
function* dispatchOne(pool: PoolState, each: PendingCall): Operation<void> {
  const { live, endings } = each.agent;
  // A call that runs beside the ticks begins later than it was dispatched.
  if (!live) return;
  const over = withResolvers<void>();
  endings.add(over.resolve);
  const running = yield* spawn(function* () {
    try {
      yield* runCall(pool, each);
      over.resolve();
    } catch (error) {
      over.reject(error as Error);
    }
  });
  try {
    yield* over.operation;
  } finally {
    endings.delete(over.resolve);
  }
  yield* running.halt();
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
  const result = { name, text: outcome.text };
  deliver(pool, each, outcome.result, yield* measureText(pool.language, result, pool.ctx.engine.capabilities.nCtx));
}

/** The answer to a call that was not run, or could not be read. */
export function deliverNote(pool: PoolState, each: PendingCall, note: string): void {
  deliver(pool, each, { error: note }, shortText(note));
}

/** A result is in: it waits for SETTLE, and a sleeping loop wakes up. */
function deliver(
  pool: PoolState,
  { agent, callId, tool, args }: PendingCall,
  result: unknown,
  measured: MeasuredText,
): void {
  if (!agent.live) return;
  if (tool) agent.calls.push({ name: tool, args, text: measured.text });
  pool.results.push({ agent, callId, tool, result, measured });
  pool.wake.ring();
}
