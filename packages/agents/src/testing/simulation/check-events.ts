import type { AgentEvent, Outcome } from "../../events/agent-event.ts";
import type { Recorder } from "./recorder.ts";

/** What the events have told of one agent. */
export interface AgentLog {
  spawned: boolean;
  outcome: Outcome | undefined;
  /** Its `agent:return` or `agent:recovered`. */
  result: "returned" | "recovered" | undefined;
  /** Turns that it has begun, from 1. */
  turn: number;
  tokens: number;
  turnTokens: number;
  /** Names of the tools that it has called, by call. */
  calls: Map<string, string>;
  openCalls: Set<string>;
  settledCalls: Set<string>;
  /** The tick in which its next token is due. */
  dueTick: number;
  /** It was cut and writes its recovery: it may pause before, and has no tools any more. */
  recovering: boolean;
}

/** What a pool may excuse itself with. */
export interface EventLimits {
  /** Ticks are those of one loop. Teams within tools tick beside each other, and no event says whose tick it is. */
  onePool: boolean;
  /** Rows of one decode. */
  rowsMax: number;
  /** Free cells below which the policy wants no decode. */
  hardLimit: number;
  /** Tokens of a turn, and of a recovery. */
  turnTokens: number;
  recoveryTokens: number;
}

export type EventOf<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

/**
 * The automaton of a pool's events. An agent that writes has a token in every tick; only a lack of rows or of cells
 * excuses a pause, or that it was cut and waits for its recovery.
 */
export class EventChecker {
  readonly limits: EventLimits;
  readonly agents = new Map<string, AgentLog>();
  /** Spawns, calls, results and ends so far. */
  count = 0;
  ticks = 0;
  readonly #recorder: Recorder;
  #produced = new Set<string>();
  #doneInTick = 0;
  #cellsFree = 0;
  /** The last tick that had rows and cells for all, counted from 1. */
  #lastPlentiful = 0;
  #last: AgentEvent["type"] | undefined;

  constructor(recorder: Recorder, limits: EventLimits) {
    this.#recorder = recorder;
    this.limits = limits;
  }

  /** Agents that were spawned and are not done. */
  get live(): number {
    return [...this.agents.values()].filter(({ spawned, outcome }) => spawned && !outcome).length;
  }

  see(event: AgentEvent): void {
    // COMMIT is one stretch: the tokens of a tick, then the tick.
    const inCommit = this.#last === "agent:produce";
    if (inCommit && event.type !== "agent:produce" && event.type !== "pool:tick")
      this.#recorder.violate("B3", `${event.type} within a commit`);
    this.#last = event.type;
    if (event.type === "pool:tick") this.#seeTick(event);
    else this.#seeAgent(event);
    if (event.type !== "pool:tick" && event.type !== "agent:produce") this.count += 1;
  }

  #seeTick({ generating, cellsFree }: EventOf<"pool:tick">): void {
    this.ticks += 1;
    const { rowsMax, hardLimit, onePool } = this.limits;
    const hasCells = Math.min(this.#cellsFree, cellsFree) > hardLimit;
    if (hasCells && this.live + this.#doneInTick <= rowsMax) this.#lastPlentiful = this.ticks;
    const produced = this.#produced.size;
    const isAccounted = generating >= produced && generating <= produced + this.#doneInTick;
    if (onePool && !isAccounted) this.#recorder.violate("B2", `${generating} rows in a tick, but ${produced} tokens`);
    this.#cellsFree = cellsFree;
    this.#produced = new Set();
    this.#doneInTick = 0;
  }

  #seeAgent(event: Exclude<AgentEvent, EventOf<"pool:tick">>): void {
    const agent = this.#agentOf(event.agentId);
    const violate = (invariant: string, what: string) => this.#recorder.violate(invariant, `${event.agentId}: ${what}`);
    if (agent.outcome) violate("B7", `${event.type} after agent:done`);
    if (!agent.spawned && event.type !== "agent:spawn" && event.type !== "agent:done")
      violate("B7", `${event.type} before agent:spawn`);
    const isTurn = ["agent:tool_call", "agent:tool_result", "agent:return"].includes(event.type);
    if (agent.recovering && isTurn) violate("B2", `${event.type} after a token that came late`);
    const { onePool, turnTokens } = this.limits;
    if (onePool && isTurn && agent.turnTokens > turnTokens) violate("B2", `a turn of ${agent.turnTokens} tokens`);

    if (event.type === "agent:spawn") {
      if (agent.spawned) violate("B7", "spawned twice");
      agent.spawned = true;
      agent.dueTick = this.ticks;
    } else if (event.type === "agent:produce") this.#seeToken(agent, event, violate);
    else if (event.type === "agent:tool_call") {
      if (agent.calls.has(event.callId)) violate("B7", `${event.callId} is called twice`);
      agent.calls.set(event.callId, event.tool);
      agent.openCalls.add(event.callId);
    } else if (event.type === "agent:tool_result") {
      if (agent.settledCalls.has(event.callId)) violate("B7", `${event.callId} has two results`);
      // A note on a turn that could not be read answers no call.
      if (!agent.openCalls.delete(event.callId) && event.tool !== "") violate("B7", `${event.callId} was not called`);
      agent.settledCalls.add(event.callId);
      agent.dueTick = this.ticks;
      if (agent.openCalls.size === 0) agent.turn += 1;
      agent.turnTokens = 0;
    } else if (event.type === "agent:return") agent.result = "returned";
    else if (event.type === "agent:recovered") agent.result = "recovered";
    else if (event.type === "agent:done") this.#seeEnd(agent, event, violate);
  }

  #seeToken(agent: AgentLog, { agentId, tokenCount }: EventOf<"agent:produce">, violate: Violate): void {
    if (this.#produced.has(agentId)) violate("B2", "two tokens in one tick");
    this.#produced.add(agentId);
    // While a result is missing, or late without an excuse: that is a recovery, or an agent that was left out.
    const isLate = this.limits.onePool && agent.dueTick < this.#lastPlentiful;
    if (agent.openCalls.size > 0 || isLate) agent.recovering = true;
    agent.dueTick = this.ticks + 1;
    agent.tokens += 1;
    agent.turnTokens += 1;
    const { onePool, turnTokens, recoveryTokens } = this.limits;
    if (onePool && agent.turnTokens > turnTokens + recoveryTokens) violate("B2", `${agent.turnTokens} tokens in a row`);
    if (tokenCount !== agent.tokens) violate("B2", `token ${agent.tokens} is counted as ${tokenCount}`);
  }

  #seeEnd(agent: AgentLog, { outcome, reason }: EventOf<"agent:done">, violate: Violate): void {
    this.#doneInTick += 1;
    agent.outcome = outcome;
    const given = outcome === "returned" || outcome === "recovered" ? outcome : undefined;
    if (agent.result !== given) violate("B7", `${outcome}, but its result was ${agent.result}`);
    if (["cut", "failed", "dropped"].includes(outcome) && !reason) violate("E4", `${outcome} without a reason`);
    if (outcome === "dropped" && agent.spawned) violate("B7", "dropped after agent:spawn");
  }

  #agentOf(id: string): AgentLog {
    const known = this.agents.get(id);
    if (known) return known;
    const agent: AgentLog = {
      spawned: false,
      outcome: undefined,
      result: undefined,
      turn: 1,
      tokens: 0,
      turnTokens: 0,
      calls: new Map(),
      openCalls: new Set(),
      settledCalls: new Set(),
      dueTick: 0,
      recovering: false,
    };
    this.agents.set(id, agent);
    return agent;
  }
}

type Violate = (invariant: string, what: string) => void;
