import type { Branch, BranchStore, Language, SamplingParams, SessionContext, Token } from "@lloyal-labs/sdk";
import type { Resolve } from "effection";
import type { Agent, AgentTask } from "../agent/agent.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { AgentPolicy, AgentView, ContextBudget } from "../policy/agent-policy.ts";
import type { LeaseNeeds } from "../scheduler/phases/lease.ts";
import type { PendingResult } from "../scheduler/phases/pending.ts";
import type { Wake } from "../scheduler/wake.ts";
import type { PromptDelta } from "../spine/prompt-state.ts";
import type { AnyTool } from "../tools/tool.ts";
import type { PoolLease } from "./pool-lease.ts";
import type { AgentResult } from "./pool-types.ts";

/** A spawn that the orchestrator asked for and the tick has not taken up yet. */
export interface SpawnRequest {
  id: string;
  task: AgentTask;
  resolve: Resolve<AgentResult>;
  /** Its prompt, as it was for a parent of so many tokens. */
  prompt?: { delta: PromptDelta; parentPosition: number } | undefined;
}

export interface PendingCall {
  agent: Agent;
  callId: string;
  tool: string;
  args: Readonly<Record<string, unknown>>;
}

/** How cut agents give their findings in this pool: the same prompt for all of them. */
export interface PoolRecovery {
  promptTokens: readonly Token[];
  /** Tokens of the report. */
  maxTokens: number;
}

/** Everything that a pool's loop reads and writes. Only the loop in `scheduler/` writes it. */
export interface PoolState {
  readonly ctx: SessionContext;
  readonly language: Language;
  readonly store: BranchStore;
  readonly events: EventBus;
  readonly policy: AgentPolicy;
  readonly budget: ContextBudget;
  /** Whether ticks guess ahead. */
  readonly draft: boolean;
  readonly recovery: PoolRecovery | undefined;
  readonly lease: PoolLease;
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly terminal: string | undefined;
  readonly parent: Branch | undefined;
  readonly parentAgentId: string | undefined;
  readonly pruneOnDone: boolean;
  readonly sampling: SamplingParams | undefined;
  readonly wake: Wake;
  /** A branch for a new agent: a fork of the parent, or an empty root. */
  openBranch(): Branch;
  /** What was asked for and has neither become an agent nor ended. */
  readonly waiting: Set<SpawnRequest>;
  agents: Agent[];
  calls: PendingCall[];
  results: PendingResult[];
  settled: Map<Agent, { resolve: Resolve<AgentResult> }>;
  outcomes: AgentResult[];
  orchestrated: boolean;
  ticks: number;
}

export function liveAgents(pool: PoolState): Agent[] {
  return pool.agents.filter((agent) => agent.live);
}

/** What the pool has to hold back at this moment. */
export function leaseNeeds(pool: PoolState): LeaseNeeds {
  const recoveriesUsed: number[] = [];
  let live = 0;
  for (const { live: lives, recovery } of pool.agents) {
    if (recovery) recoveriesUsed.push(recovery.branch.position - recovery.start);
    else if (lives) live += 1;
  }
  const recoveryTokens = pool.recovery ? pool.recovery.promptTokens.length + pool.recovery.maxTokens : 0;
  return { recoveryTokens, recoveriesUsed, liveAgents: live };
}

export function viewOf(pool: PoolState, agent: Agent): AgentView {
  const turn = { agentId: agent.id, turn: agent.turn + 1 };
  return {
    agentId: agent.id,
    turn: agent.turn,
    calls: agent.calls,
    stale: agent.stale,
    tools: [...pool.tools.values()].filter((tool) => tool.availableFor(turn)).map((tool) => tool.name),
    terminal: pool.terminal,
  };
}
