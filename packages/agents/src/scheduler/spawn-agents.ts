import { type Operation, until } from "effection";
import { Agent } from "../agent/agent.ts";
import { leaseNeeds, liveAgents, type PoolState, type SpawnRequest } from "../pool/pool-state.ts";
import { buildPrompt, type PromptDelta } from "../spine/prompt-state.ts";
import { leaseOf } from "./phases/lease.ts";
import { planSpawn } from "./phases/spawn.ts";
import { endRequest, holdLease, openTurn } from "./turns.ts";

/** SPAWN: forks and prefills the waiting agents that fit, in one batch. What can never fit is dropped with an event. */
export function* spawnAgents(pool: PoolState): Operation<void> {
  if (pool.waiting.size === 0) return;
  const first = pool.policy.planTurn({ agentId: "", turn: 0, calls: [], stale: 0, tools: [], terminal: pool.terminal });
  const requests = [...pool.waiting].map((request) => {
    const prompt = promptOf(pool, request);
    return { request, prompt, promptTokens: prompt.tokens.length, turnTokens: first?.maxTokens ?? 0 };
  });
  const plan = planSpawn(requests, {
    cells: pool.lease.room,
    floor: spawnFloor(pool),
    sequences: pool.store.available,
    liveAgents: liveAgents(pool).length,
  });
  for (const { request, promptTokens } of plan.drop)
    endRequest(pool, request, "dropped", `its prompt of ${promptTokens} tokens can never fit into what is left`);
  if (plan.admit.length === 0) return;

  const prompts = new Map<Agent, PromptDelta>();
  for (const { request, prompt } of plan.admit) prompts.set(openAgent(pool, request, prompt.tokens.length), prompt);
  // Held from now on: what somebody else takes while the prompts are decoded is not theirs.
  holdLease(pool);
  yield* until(pool.store.prefill([...prompts].map(([agent, prompt]) => [agent.branch, prompt.tokens] as const)));
  for (const [agent, prompt] of prompts) {
    if (!agent.live) continue;
    prompt.remember(agent.branch);
    openTurn(pool, agent);
  }
}

/** Built once, and again where the parent has grown: a request may wait for many ticks. */
function promptOf(pool: PoolState, request: SpawnRequest): PromptDelta {
  const parentPosition = pool.parent?.position ?? 0;
  if (request.prompt?.parentPosition !== parentPosition) {
    const delta = buildPrompt(pool.language, pool.parent, {
      systemPrompt: request.task.systemPrompt,
      tools: [...pool.tools.values()].map((tool) => tool.schema),
      content: request.task.content,
    });
    request.prompt = { delta, parentPosition };
  }
  return request.prompt.delta;
}

/**
 * Forks the agent's branch. A request waits until there is one, and the pool knows the agent from then on, so that
 * whatever ends the pool finds one or the other.
 */
function openAgent(pool: PoolState, request: SpawnRequest, promptTokens: number): Agent {
  const { id, task } = request;
  const agent = new Agent({ id, parentAgentId: pool.parentAgentId, task, branch: pool.openBranch() });
  pool.waiting.delete(request);
  request.prompt = undefined;
  pool.agents.push(agent);
  pool.settled.set(agent, request);
  if (pool.sampling) agent.branch.setSamplerParams({ ...pool.sampling, seed: seedOf(pool.sampling.seed ?? 0, id) });
  pool.events.send({
    type: "agent:spawn",
    agentId: id,
    parentAgentId: agent.parentAgentId,
    task: task.content,
    promptTokens,
  });
  return agent;
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
