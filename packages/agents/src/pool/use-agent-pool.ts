import { Branch, buildUserDelta, type Language } from "@lloyal-labs/sdk";
import { ensure, type Operation, resource, spawn, withResolvers } from "effection";
import { CallingAgent, Ctx, Events, Store } from "../contexts.ts";
import type { RecoveryPlan } from "../policy/agent-policy.ts";
import { DefaultAgentPolicy } from "../policy/default-policy.ts";
import { runTicks } from "../scheduler/tick.ts";
import { endAgent, endAll, endRequest } from "../scheduler/turns.ts";
import { createWake } from "../scheduler/wake.ts";
import { createToolkit } from "../tools/toolkit.ts";
import { nextAgentId } from "./agent-ids.ts";
import { PoolLease } from "./pool-lease.ts";
import type { PoolRecovery, PoolState, SpawnRequest } from "./pool-state.ts";
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
    draft: options.draft ?? false,
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
    waiting: new Set(),
    agents: [],
    calls: [],
    results: [],
    settled: new Map(),
    outcomes: [],
    orchestrated: false,
    ticks: 0,
  };
  // Registered before the first fork: between a fork and an `ensure` of its own a halt could get in.
  yield* ensure(() => {
    endAll(pool, "cancelled");
    for (const { branch } of pool.agents) branch.pruneSubtreeSync();
  });

  yield* spawn(function* () {
    yield* options.orchestrate({
      *run(task) {
        const done = withResolvers<AgentResult>();
        const request: SpawnRequest = { id: nextAgentId(store), task, resolve: done.resolve };
        pool.waiting.add(request);
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
    endAll(pool, "failed", error instanceof Error ? error.message : String(error));
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

/** Ends what was asked for and is not wanted any more; a no-op for what has ended. */
function letGo(pool: PoolState, request: SpawnRequest): void {
  const agent = pool.agents.find(({ id }) => id === request.id);
  if (agent) endAgent(pool, agent, "cancelled");
  else if (pool.waiting.has(request)) endRequest(pool, request, "cancelled");
  pool.wake.ring();
}
