import type { ContextBudget } from "../../policy/agent-policy.ts";

/** Milliseconds of virtual time, drawn anew each time between both; undefined: at once, without a timer. */
export type Latency = readonly [min: number, max: number] | undefined;

/** What the model writes in one turn. Where the grammar forbids it, the simulated engine's hash decides. */
export type TurnScript =
  | { does: "call"; tools: readonly string[] }
  /** The call of an earlier turn once more. */
  | { does: "repeat"; tool: string }
  /** The terminal call, with findings of so many characters. */
  | { does: "report"; chars: number }
  | { does: "say"; chars: number }
  | { does: "malformed"; shape: "broken json" | "no closing tag" | "wrong arguments" | "wrong report" }
  /** The call that the last tool result asks for. */
  | { does: "obey" }
  | { does: "never stop" }
  | { does: "stop at once" }
  | { does: "hash" };

export interface AgentScript {
  /** Names the agent within its scenario. */
  key: string;
  taskChars: number;
  systemPrompt: boolean;
  turns: readonly TurnScript[];
  recovery: TurnScript;
  /** Agents of the same orchestrator that have to be done before, by their index. */
  after: readonly number[];
  startAfterMs: Latency;
  /** The orchestrator lets go of it after so long. */
  letGoAfterMs: Latency;
}

export type ToolAct =
  | { does: "answer"; chars: number; inject?: string }
  | { does: "fail"; how: "throw" | "reject" | "child throws" | "throw a string" }
  | { does: "give"; what: "undefined" | "bigint" | "cycle" | "function" | "null" }
  /** Asks the model, on a fork of the caller's branch or cold. */
  | { does: "generate"; from: "caller" | "cold"; maxTokens: number; script: TurnScript }
  | { does: "pool"; from: "caller" | "cold"; team: TeamScript };

export interface ToolScript {
  name: string;
  concurrent: boolean;
  latency: Latency;
  /** It is offered from an agent's second turn on. */
  shy: boolean;
  /** How often it reports progress. */
  progress: number;
  act: ToolAct;
}

/** What a pool is asked to do. */
export interface TeamScript {
  /** Within a tool. */
  isNested: boolean;
  orchestrator: "parallel" | "chain" | "graph";
  agents: readonly AgentScript[];
  tools: readonly ToolScript[];
  terminal: boolean;
  policy: {
    maxTurns: number;
    maxTurnTokens: number;
    alwaysCall: boolean;
    budget?: ContextBudget;
    recovery: { prompt?: string; maxTokens?: number } | false;
  };
  temperature: number;
  /** The orchestrator throws after so many agents. */
  failsAfter?: number;
  /** The policy throws at this question, from 1. */
  policyFailsAt?: number;
}

/** Who uses the same cache beside the team, without a word to it. */
export type Rival = { startMs: number; isAwaited: boolean } & (
  | { does: "pool"; team: TeamScript }
  | { does: "generate"; times: number; maxTokens: number; script: TurnScript }
  /** Takes a share of the cells that are free, holds them, and gives them back. */
  | { does: "hog"; times: number; share: number; holdMs: number }
);

export interface Fault {
  /** Index of the batch, from 0. */
  batch: number;
  kind: "no-space" | "compute";
  /** From this batch on, and not only this one. */
  persistent: boolean;
}

/** All that one seed decides. Plain data: it can be printed, edited by hand and run. */
export interface Scenario {
  seed: number;
  engine: { nCtx: number; nSeqMax: number; nBatch: number; nUbatch: number };
  decodeLatency: Latency;
  parent: "cold" | "spine" | "trunk";
  /** `useAgentPool` in place of `agentPool`. */
  keepBranches: boolean;
  team: TeamScript;
  /** A second pool, from the branch of the team's first agent that has one. */
  followUp?: TeamScript;
  rival?: Rival;
  fault?: Fault;
}

/** The same scenario with an orchestrator of our own, which holds each agent by a task that can be halted alone. */
export function withTasks(scenario: Scenario): Scenario {
  return { ...scenario, team: { ...scenario.team, orchestrator: "graph" } };
}

/** Every team of a scenario, wherever it runs. */
export function allTeams({ team, followUp, rival }: Scenario): TeamScript[] {
  const roots = [team, followUp, rival?.does === "pool" ? rival.team : undefined];
  return roots.flatMap((root) => (root ? withNested(root) : []));
}

function withNested(team: TeamScript): TeamScript[] {
  return [team, ...team.tools.flatMap(({ act }) => (act.does === "pool" ? withNested(act.team) : []))];
}
