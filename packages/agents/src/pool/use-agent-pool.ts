import { Branch, buildUserDelta, type Language } from "@lloyal-labs/sdk";
import { ensure, type Operation, resource, spawn, withResolvers } from "effection";
import { CallingAgent, Ctx, Events, Store } from "../contexts.ts";
import type { RecoveryPlan } from "../policy/agent-policy.ts";
import { DefaultAgentPolicy } from "../policy/default-policy.ts";
import { runTicks } from "../scheduler/tick.ts";
import { endAgent } from "../scheduler/turns.ts";
import { createWake } from "../scheduler/wake.ts";
import { createToolkit } from "../tools/toolkit.ts";
import { nextAgentId } from "./agent-ids.ts";
import { PoolLease } from "./pool-lease.ts";
import { liveAgents, type PoolRecovery, type PoolState, type SpawnRequest } from "./pool-state.ts";
import type { AgentResult, PoolOptions, PoolResult } from "./pool-types.ts";

/**
 * Runs agents to their ends and keeps their branches alive until the caller's scope ends, so that follow-up
 * agents may fork from them. For a pool that cleans up after itself see `agentPool`.
 */
export function useAgentPool(options: PoolOptions): Operation<PoolResult> {
  return resource(function* (provide) {
    yield* provide(yield* runPool(options, false));
  });
}

/** The pool itself, in the caller's scope: branches are pruned when that scope ends, or as each agent is done. */
export function* runPool(options: PoolOptions, pruneOnDone: boolean): Operation<PoolResult> {
  const ctx = yield* Ctx.expect();
  const store = yield* Store.expect();
  const events = yield* Events.expect();
  const parentAgentId = yield* CallingAgent.get();
  const policy = options.policy ?? new DefaultAgentPolicy();
  const tools = [...(options.tools ?? [])];
  if (options.terminal && !tools.includes(options.terminal)) tools.push(options.terminal);
  const parent = options.parent ?? undefined;
  const { nCtx } = ctx.engine.capabilities;

  const pool: PoolState = {
    ctx,
    language: ctx.language,
    store,
    events,
    policy,
    budget: policy.budget(nCtx),
    recovery: recoveryOf(ctx.language, policy.recovery({ nCtx, terminal: options.terminal?.name })),
    lease: new PoolLease(store),
    tools: createToolkit(tools).toolMap,
    terminal: options.terminal?.name,
    parent,
    parentAgentId,
    pruneOnDone,
    sampling: options.sampling,
    wake: createWake(),
    openBranch: () => (parent ? parent.forkSync() : Branch.create(ctx, 0)),
    waiting: [],
    agents: [],
    calls: [],
    results: [],
    settled: new Map(),
    outcomes: [],
    orchestrated: false,
    ticks: 0,
  };
  // A halt ends every agent that still lives, so that each spawned one has its `agent:done`.
  yield* ensure(() => {
    for (const agent of liveAgents(pool)) endAgent(pool, agent, "cancelled");
  });

  yield* spawn(function* () {
    yield* options.orchestrate({
      *run(task) {
        const done = withResolvers<AgentResult>();
        const request = { id: nextAgentId(store), task, resolve: done.resolve, halted: false };
        pool.waiting.push(request);
        pool.wake.ring();
        try {
          return yield* done.operation;
        } finally {
          letGo(pool, request);
        }
      },
    });
    pool.orchestrated = true;
    pool.wake.ring();
  });
  try {
    yield* runTicks(pool);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const agent of liveAgents(pool)) endAgent(pool, agent, "failed", reason);
    throw error;
  }
  return {
    agents: pool.outcomes.sort((a, b) => numberOf(a.agentId) - numberOf(b.agentId)),
    totals: {
      agents: pool.outcomes.length,
      tokens: pool.outcomes.reduce((sum, agent) => sum + agent.tokenCount, 0),
      toolCalls: pool.outcomes.reduce((sum, agent) => sum + agent.toolCallCount, 0),
      ticks: pool.ticks,
    },
  };
}

function recoveryOf(language: Language, plan: RecoveryPlan | undefined): PoolRecovery | undefined {
  return plan && { promptTokens: buildUserDelta(language, plan.prompt), maxTokens: plan.maxTokens };
}

function numberOf(agentId: string): number {
  return Number(agentId.slice(1));
}

/** Ends what was asked for and is not wanted any more; a no-op for an agent that is done. */
function letGo(pool: PoolState, request: SpawnRequest): void {
  request.halted = true;
  pool.waiting = pool.waiting.filter((other) => other !== request);
  const agent = pool.agents.find(({ id }) => id === request.id);
  if (agent) endAgent(pool, agent, "cancelled");
  pool.wake.ring();
}
