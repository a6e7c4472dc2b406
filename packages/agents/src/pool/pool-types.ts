import type { Branch, SamplingParams } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import type { AgentTask } from "../agent/agent.ts";
import type { Outcome } from "../events/agent-event.ts";
import type { AgentPolicy } from "../policy/agent-policy.ts";
import type { AnyTool } from "../tools/tool.ts";

export interface AgentResult {
  agentId: string;
  parentAgentId: string | undefined;
  /** Live while the pool's scope is, unless the pool prunes on return; null for a dropped agent. */
  branch: Branch | null;
  task: string;
  /** Arguments of the terminal call, or the final text where there is no terminal tool; null otherwise. */
  result: unknown;
  /** `result` as text: the terminal call's `findings`, or the whole as JSON. */
  findings: string | null;
  outcome: Outcome;
  /** Why it did not return. */
  reason: string | undefined;
  turns: number;
  toolCallCount: number;
  tokenCount: number;
}

export interface PoolResult {
  agents: AgentResult[];
  totals: { agents: number; tokens: number; toolCalls: number; ticks: number };
}

/** What an orchestrator may do. Requests are taken up at the start of the next tick, in order. */
export interface Orchestration {
  /** Forks an agent from the pool's parent. Resolves when the agent is done, whatever its outcome. */
  run(task: AgentTask): Operation<AgentResult>;
}

/** Decides which agents run, and when. */
export type Orchestrator = (pool: Orchestration) => Operation<void>;

export interface PoolOptions {
  orchestrate: Orchestrator;
  tools?: readonly AnyTool[];
  /** What agents fork from: a spine, a trunk, another agent's branch. Null or absent: each starts cold. */
  parent?: Branch | null;
  /** Calling it ends an agent with its arguments as the result. */
  terminal?: AnyTool;
  policy?: AgentPolicy;
  /** How agents draw their tokens. Each gets a seed of its own, made of this one and its number. Default: greedy. */
  sampling?: SamplingParams;
  /**
   * Guess what agents write next from what they have read, and verify it in the same decode: fewer decodes where few agents
   * quote much. See `StoreRunOptions.draft`. Default false.
   */
  draft?: boolean;
}
