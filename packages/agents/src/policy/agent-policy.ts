import type { ToolCall } from "@lloyal-labs/sdk";
import type { PastCall } from "../agent/past-call.ts";

/** What a policy is told about an agent. */
export interface AgentView {
  readonly agentId: string;
  /** Turns that it has begun. */
  readonly turn: number;
  readonly calls: readonly PastCall[];
  /** Tool results in a row that brought it nothing new. */
  readonly stale: number;
  /** Names of the tools that it could be offered, the terminal one included. */
  readonly tools: readonly string[];
  readonly terminal: string | undefined;
}

/** What an agent may do in its next turn. */
export interface TurnPlan {
  /** The turn is exactly one call of one of these, enforced by grammar. Empty: free text, calls optional. */
  tools: readonly string[];
  /** Tokens of the turn; an agent that needs more is cut. */
  maxTokens: number;
}

/**
 * What becomes of a tool result that does not fit: `window` gives the part that does, marked as a part; `refuse` tells
 * the agent that it does not fit, so that it may ask for less; `terminate` cuts the agent.
 */
export type OversizedResult = "window" | "refuse" | "terminate";

export interface ContextBudget {
  /** Free cells below which no tool result and no new agent is admitted. */
  softLimit: number;
  /** Free cells below which nothing is decoded: agents are cut. */
  hardLimit: number;
  oversized: OversizedResult;
}

/** How a cut agent gives what it has found: one last turn, on a fork. */
export interface RecoveryPlan {
  /** The user turn that asks for it. */
  prompt: string;
  /** Tokens of the report. With the prompt's they are held free for as long as agents live. */
  maxTokens: number;
}

/** The questions that the runtime asks. A policy decides and changes nothing. */
export interface AgentPolicy {
  budget(nCtx: number): ContextBudget;
  /** Asked once per pool. Undefined: cut agents end empty, and no cells are held for them. */
  recovery(pool: { nCtx: number; terminal: string | undefined }): RecoveryPlan | undefined;
  /** Undefined: the agent has had its last turn and is cut. */
  planTurn(agent: AgentView): TurnPlan | undefined;
  /** A call may be refused with a note, which the agent reads as the call's result. */
  judgeCall(agent: AgentView, call: ToolCall): { run: true } | { run: false; note: string };
}
