import { checkArguments, type ToolSchema } from "@lloyal-labs/sdk";
import type { Agent } from "../agent/agent.ts";
import type { Outcome } from "../events/agent-event.ts";
import type { TurnPlan } from "../policy/agent-policy.ts";
import { leaseNeeds, liveAgents, type PoolState, type SpawnRequest, viewOf } from "../pool/pool-state.ts";
import type { AgentResult } from "../pool/pool-types.ts";
import { readTurn, type TurnEnd } from "./phases/dispatch.ts";
import { leaseOf } from "./phases/lease.ts";

/** Opens the agent's next turn as its policy plans it. Cuts the agent when it has had its last. */
export function openTurn(pool: PoolState, agent: Agent): void {
  const plan = pool.policy.planTurn(viewOf(pool, agent));
  if (plan) writeTurn(pool, agent, plan);
  else cutAgent(pool, agent, "it used up its turns");
}

/** Begins a turn, with the grammar that enforces its plan. */
export function writeTurn(pool: PoolState, agent: Agent, plan: TurnPlan): void {
  agent.beginTurn(plan);
  const grammar =
    plan.tools.length > 0 ? pool.language.toolCallGrammar(schemasFor(pool, agent, plan.tools)) : undefined;
  agent.voice.setGrammar(grammar);
}

/** The schemas that hold in the agent's present turn: a tool may narrow its own. */
function schemasFor(pool: PoolState, agent: Agent, names: readonly string[]): ToolSchema[] {
  return names.flatMap((name) => {
    const tool = pool.tools.get(name);
    if (!tool) return [];
    const narrowed = tool.parametersFor({ agentId: agent.id, turn: agent.turn });
    return [narrowed ? { ...tool.schema, parameters: narrowed } : tool.schema];
  });
}

/** What the agent's finished turn asks for. The terminal call's arguments are checked like any other's. */
export function readEnd(pool: PoolState, agent: Agent): TurnEnd {
  const offered = { tools: [...pool.tools.keys()], terminal: pool.terminal };
  const end = readTurn(pool.language.parse(agent.turnText), offered);
  if (end.kind !== "return" || pool.terminal === undefined) return end;
  const schema = schemasFor(pool, agent, [pool.terminal])[0];
  const checked = schema && checkArguments(schema.parameters, end.result);
  if (!checked || checked.ok) return end;
  return { kind: "note", note: `The arguments of ${pool.terminal} are wrong: ${checked.problems.join("; ")}.` };
}

/** Cuts an agent short. What it has read is not lost: it waits for its recovery, where there is anything to recover. */
export function cutAgent(pool: PoolState, agent: Agent, reason: string): void {
  agent.reason = reason;
  const lookups = [...pool.tools.keys()].filter((name) => name !== pool.terminal);
  const hasRead = agent.calls.length > 0 || lookups.length === 0;
  if (pool.recovery && hasRead) agent.change({ type: "recover" });
  else endAgent(pool, agent, "cut", reason);
}

/** The only place where an agent ends: its outcome, its events, its waiter, its cells. A no-op for one that is done. */
export function endAgent(pool: PoolState, agent: Agent, outcome: Outcome, reason?: string): void {
  if (!agent.live) return;
  agent.change({ type: "end", outcome });
  for (const end of agent.endings) end();
  agent.reason = reason;
  if (outcome === "returned") pool.events.send({ type: "agent:return", agentId: agent.id, result: agent.result });
  if (outcome === "recovered") pool.events.send({ type: "agent:recovered", agentId: agent.id, result: agent.result });
  const result = resultOf(agent, outcome, pool.pruneOnDone);
  if (agent.recovery && agent.recovery.branch !== agent.branch) agent.recovery.branch.pruneSubtreeSync();
  agent.recovery = undefined;
  if (pool.pruneOnDone) agent.branch.pruneSubtreeSync();
  holdLease(pool);
  pool.outcomes.push(result);
  pool.events.send({ type: "agent:done", agentId: agent.id, outcome, ...(reason && { reason }) });
  pool.settled.get(agent)?.resolve(result);
  pool.settled.delete(agent);
}

/** Ends what was asked for and never became an agent. */
export function endRequest(pool: PoolState, request: SpawnRequest, outcome: Outcome, reason?: string): void {
  pool.waiting.delete(request);
  const result: AgentResult = {
    agentId: request.id,
    parentAgentId: pool.parentAgentId,
    branch: null,
    task: request.task.content,
    result: null,
    findings: null,
    outcome,
    reason,
    turns: 0,
    toolCallCount: 0,
    tokenCount: 0,
  };
  pool.outcomes.push(result);
  pool.events.send({ type: "agent:done", agentId: request.id, outcome, ...(reason && { reason }) });
  request.resolve(result);
}

/** Ends everybody: the agents that live, and the requests that wait. */
export function endAll(pool: PoolState, outcome: Outcome, reason?: string): void {
  for (const request of pool.waiting) endRequest(pool, request, outcome, reason);
  for (const agent of liveAgents(pool)) endAgent(pool, agent, outcome, reason);
}

/** Brings what the pool holds back in line with the agents that live now. */
export function holdLease(pool: PoolState): void {
  pool.lease.hold(leaseOf(leaseNeeds(pool)));
}

function resultOf(agent: Agent, outcome: Outcome, pruned: boolean): AgentResult {
  return {
    agentId: agent.id,
    parentAgentId: agent.parentAgentId,
    branch: pruned ? null : agent.branch,
    task: agent.task.content,
    result: agent.result,
    findings: findingsOf(agent.result),
    outcome,
    reason: agent.reason,
    turns: agent.turn,
    toolCallCount: agent.calls.length,
    tokenCount: agent.tokenCount,
  };
}

/** A result as text: its `findings`, or the whole as JSON; null for none. */
export function findingsOf(result: unknown): string | null {
  if (result === null || result === undefined) return null;
  if (typeof result === "string") return result;
  if (typeof result === "object" && "findings" in result && typeof result.findings === "string") return result.findings;
  return JSON.stringify(result);
}
