import type { Branch } from "@lloyal-labs/sdk";
import type { TurnPlan } from "../policy/agent-policy.ts";
import { type AgentState, type StateChange, transition } from "./agent-state.ts";
import type { PastCall } from "./past-call.ts";

export interface AgentTask {
  /** What the agent is asked; a user turn. */
  content: string;
  /** Instructions of its own. Skipped when the parent's prompt holds the same text already. */
  systemPrompt?: string;
}

/** Where a cut agent gives its findings. */
export interface Recovery {
  /** A fork of the agent's branch, or that branch itself where nobody needs it afterwards. */
  branch: Branch;
  /** The branch's position before the recovery prompt, to tell what the recovery has used. */
  start: number;
}

/** One agent: a branch, a state, and what it has done so far. */
export class Agent {
  readonly id: string;
  readonly parentAgentId: string | undefined;
  readonly task: AgentTask;
  readonly branch: Branch;
  #state: AgentState = { kind: "generating" };

  /** Turns begun: the first is 1. A recovery is one of them. */
  turn = 0;
  plan: TurnPlan = { tools: [], maxTokens: 0 };
  turnText = "";
  turnTokens = 0;
  tokenCount = 0;
  readonly calls: PastCall[] = [];
  /** Lines of tool results that it has read, to tell news from repetition. */
  readonly linesSeen = new Set<string>();
  /** Tool results in a row that brought nothing new. */
  stale = 0;
  /** Set while its last turn, the recovery, is being written. */
  recovery: Recovery | undefined;
  /** Called when it is done: what runs on its behalf ends then. */
  readonly endings = new Set<() => void>();
  result: unknown = null;
  /** Why it did not return by itself. */
  reason: string | undefined;

  constructor(init: { id: string; parentAgentId: string | undefined; task: AgentTask; branch: Branch }) {
    this.id = init.id;
    this.parentAgentId = init.parentAgentId;
    this.task = init.task;
    this.branch = init.branch;
  }

  get state(): AgentState {
    return this.#state;
  }

  get live(): boolean {
    return this.#state.kind !== "done";
  }

  /** Whether it has a token to add to the next tick. */
  get writing(): boolean {
    return this.#state.kind === "generating" || this.recovery !== undefined;
  }

  /** The branch that its next token goes to. */
  get voice(): Branch {
    return this.recovery?.branch ?? this.branch;
  }

  change(change: StateChange): void {
    this.#state = transition(this.#state, change);
  }

  beginTurn(plan: TurnPlan): void {
    this.turn += 1;
    this.plan = plan;
    this.turnText = "";
    this.turnTokens = 0;
  }
}
