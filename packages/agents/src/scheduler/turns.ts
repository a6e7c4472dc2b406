import type { ToolSchema } from "@lloyal-labs/sdk";
import type { Agent } from "../agent/agent.ts";
import type { Outcome } from "../events/agent-event.ts";
import { type PoolState, viewOf } from "../pool/pool-state.ts";
import type { AgentResult } from "../pool/pool-types.ts";

/** Opens the agent's next turn: the plan, and the grammar that enforces it. Ends the agent when it has none. */
export function openTurn(pool: PoolState, agent: Agent): void {
  const plan = pool.policy.planTurn(viewOf(pool, agent));
  if (!plan) {
    endAgent(pool, agent, "cut", "it used up its turns");
    return;
  }
  agent.beginTurn(plan);
  const grammar =
    plan.tools.length > 0 ? pool.language.toolCallGrammar(schemasFor(pool, agent, plan.tools)) : undefined;
  agent.branch.setGrammar(grammar);
}

/** The schemas that hold in the agent's present turn: a tool may narrow its own. */
export function schemasFor(pool: PoolState, agent: Agent, names: readonly string[]): ToolSchema[] {
  return names.flatMap((name) => {
    const tool = pool.tools.get(name);
    if (!tool) return [];
    const narrowed = tool.parametersFor({ agentId: agent.id, turn: agent.turn });
    return [narrowed ? { ...tool.schema, parameters: narrowed } : tool.schema];
  });
}

/** The only place where an agent ends: its outcome, its event, its waiter, its cells. */
export function endAgent(pool: PoolState, agent: Agent, outcome: Outcome, reason?: string): void {
  if (!agent.live) return;
  agent.change({ type: "end", outcome });
  agent.reason = reason;
  if (outcome === "returned") pool.events.send({ type: "agent:return", agentId: agent.id, result: agent.result });
  const result = resultOf(agent, outcome, pool.pruneOnDone);
  if (pool.pruneOnDone) agent.branch.pruneSubtreeSync();
  pool.outcomes.push(result);
  pool.events.send({ type: "agent:done", agentId: agent.id, outcome, ...(reason && { reason }) });
  pool.settled.get(agent)?.resolve(result);
  pool.settled.delete(agent);
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

function findingsOf(result: unknown): string | null {
  if (result === null || result === undefined) return null;
  if (typeof result === "string") return result;
  if (typeof result === "object" && "findings" in result && typeof result.findings === "string") return result.findings;
  return JSON.stringify(result);
}
