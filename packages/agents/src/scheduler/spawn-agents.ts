import { ensure, type Operation, until } from "effection";
import { Agent } from "../agent/agent.ts";
import { leaseNeeds, liveAgents, type PoolState, type SpawnRequest } from "../pool/pool-state.ts";
import { buildPrompt } from "../spine/prompt-state.ts";
import { leaseOf } from "./phases/lease.ts";
import { planSpawn } from "./phases/spawn.ts";
import { endAgent, holdLease, openTurn } from "./turns.ts";

/** SPAWN: forks and prefills the waiting agents that fit, in one batch. What can never fit is dropped with an event. */
export function* spawnAgents(pool: PoolState): Operation<void> {
  if (pool.waiting.length === 0) return;
  const first = pool.policy.planTurn({ agentId: "", turn: 0, calls: [], stale: 0, tools: [], terminal: pool.terminal });
  const requests = pool.waiting.map((request) => {
    const prompt = buildPrompt(pool.language, pool.parent, {
      systemPrompt: request.task.systemPrompt,
      tools: [...pool.tools.values()].map((tool) => tool.schema),
      content: request.task.content,
    });
    return { request, prompt, promptTokens: prompt.tokens.length, turnTokens: first?.maxTokens ?? 0 };
  });
  const plan = planSpawn(requests, {
    cells: pool.lease.room,
    floor: spawnFloor(pool),
    sequences: pool.store.available,
    liveAgents: liveAgents(pool).length,
  });
  pool.waiting = plan.wait.map(({ request }) => request);
  for (const { request, promptTokens } of plan.drop) drop(pool, request, promptTokens);
  if (plan.admit.length === 0) return;

  const spawned: Agent[] = [];
  for (const { request } of plan.admit) {
    const branch = pool.openBranch();
    yield* ensure(() => branch.pruneSubtreeSync());
    if (pool.sampling) branch.setSamplerParams({ ...pool.sampling, seed: seedOf(pool.sampling.seed ?? 0, request.id) });
    const agent = new Agent({ id: request.id, parentAgentId: pool.parentAgentId, task: request.task, branch });
    pool.settled.set(agent, request);
    spawned.push(agent);
  }
  yield* until(pool.store.prefill(spawned.map((agent, i) => [agent.branch, plan.admit[i]?.prompt.tokens ?? []])));
  for (const [i, agent] of spawned.entries()) {
    plan.admit[i]?.prompt.remember(agent.branch);
    pool.agents.push(agent);
    pool.events.send({
      type: "agent:spawn",
      agentId: agent.id,
      parentAgentId: agent.parentAgentId,
      task: agent.task.content,
      promptTokens: plan.admit[i]?.promptTokens ?? 0,
    });
    // Halted while its prompt was decoded: it is known by now, and ends like any other.
    if (plan.admit[i]?.request.halted) endAgent(pool, agent, "cancelled");
    else openTurn(pool, agent);
  }
  holdLease(pool);
}

/** Cells that an admission leaves free: for the rest of every open turn, and for what the lease holds. */
function spawnFloor(pool: PoolState): number {
  const live = liveAgents(pool);
  const turns = live.reduce((sum, agent) => sum + Math.max(0, agent.plan.maxTokens - agent.turnTokens), 0);
  const needs = leaseNeeds(pool);
  const lease = leaseOf({ ...needs, liveAgents: Math.max(1, needs.liveAgents) });
  return Math.max(pool.budget.softLimit, turns + lease);
}

/** Siblings with one seed would say the same; these differ from agent to agent and not from run to run. */
function seedOf(seed: number, agentId: string): number {
  return (seed + Math.imul(Number(agentId.slice(1)), 0x9e3779b1)) >>> 0;
}

function drop(pool: PoolState, request: SpawnRequest, promptTokens: number): void {
  const reason = `its prompt of ${promptTokens} tokens can never fit into the cells and sequences that are left`;
  const result = {
    agentId: request.id,
    parentAgentId: pool.parentAgentId,
    branch: null,
    task: request.task.content,
    result: null,
    findings: null,
    outcome: "dropped" as const,
    reason,
    turns: 0,
    toolCallCount: 0,
    tokenCount: 0,
  };
  pool.outcomes.push(result);
  pool.events.send({ type: "agent:done", agentId: request.id, outcome: "dropped", reason });
  request.resolve(result);
}
