import type { ToolCall } from "@lloyal-labs/sdk";
import type { AgentPolicy, AgentView, ContextBudget, RecoveryPlan, TurnPlan } from "./agent-policy.ts";

export interface DefaultAgentPolicyOptions {
  budget?: { context?: Partial<ContextBudget> };
  /** Turns of one agent, the terminal one included, >= 1. Default 4. */
  maxTurns?: number;
  /** Tokens of one turn. Default 256. */
  maxTurnTokens?: number;
  /** Every turn is a tool call, by grammar. Small models need it; default true. */
  alwaysCall?: boolean;
  /** Tools of the first turn. Default: every one but the terminal. */
  openWith?: readonly string[];
  /** How a cut agent gives its findings; false: it ends without. */
  recovery?: Partial<RecoveryPlan> | false;
}

/**
 * A policy that makes small models work: the first turn must look something up, a call that was made before is
 * refused with a note, an agent that finds nothing new is sent to its end, and the last turn can only be the
 * terminal tool - all by grammar, not by asking.
 */
export class DefaultAgentPolicy implements AgentPolicy {
  readonly #context: Partial<ContextBudget>;
  readonly #maxTurns: number;
  readonly #maxTurnTokens: number;
  readonly #alwaysCall: boolean;
  readonly #openWith: readonly string[] | undefined;
  readonly #recovery: Partial<RecoveryPlan> | false;

  constructor(options: DefaultAgentPolicyOptions = {}) {
    this.#context = options.budget?.context ?? {};
    this.#maxTurns = options.maxTurns ?? 4;
    this.#maxTurnTokens = options.maxTurnTokens ?? 256;
    this.#alwaysCall = options.alwaysCall ?? true;
    this.#openWith = options.openWith;
    this.#recovery = options.recovery ?? {};
  }

  /** softLimit 1024 and hardLimit 128 unless given, scaled down so that a small context keeps three quarters. */
  budget(nCtx: number): ContextBudget {
    const softLimit = Math.min(this.#context.softLimit ?? 1024, Math.floor(nCtx / 4));
    const hardLimit = Math.min(this.#context.hardLimit ?? 128, Math.floor(softLimit / 8));
    return { softLimit, hardLimit, oversized: this.#context.oversized ?? "window" };
  }

  /** A short report, at most 160 tokens or a sixteenth of the context. */
  recovery({ nCtx, terminal }: { nCtx: number; terminal: string | undefined }): RecoveryPlan | undefined {
    if (this.#recovery === false) return undefined;
    const how = terminal ? `Call ${terminal} now` : "Answer now";
    return {
      prompt: this.#recovery.prompt ?? `Stop here. ${how}, briefly, with what you have found so far.`,
      maxTokens: this.#recovery.maxTokens ?? Math.max(32, Math.min(160, Math.floor(nCtx / 16))),
    };
  }

  planTurn(agent: AgentView): TurnPlan | undefined {
    if (agent.turn >= this.#maxTurns) return undefined;
    return { tools: this.#toolsFor(agent), maxTokens: this.#maxTurnTokens };
  }

  judgeCall(agent: AgentView, call: ToolCall): { run: true } | { run: false; note: string } {
    const key = callKey(call);
    if (!agent.calls.some((past) => callKey(past) === key)) return { run: true };
    const advice = agent.terminal ? `use other words or call ${agent.terminal}` : "use other words";
    return { run: false, note: `You made this very call before; its result stands above. To go on, ${advice}.` };
  }

  #toolsFor({ turn, stale, calls, tools, terminal }: AgentView): readonly string[] {
    const lookups = tools.filter((name) => name !== terminal);
    const lastTurn = turn + 1 >= this.#maxTurns;
    const stuck = stale >= 2;
    if (terminal && (lastTurn || stuck)) return [terminal];
    if (!this.#alwaysCall) return [];
    if (calls.length === 0 && lookups.length > 0) return this.#openWith ?? lookups;
    return tools;
  }
}

function callKey(call: { name: string; args: Readonly<Record<string, unknown>> }): string {
  const args = Object.entries(call.args).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([call.name, args]).toLowerCase().replace(/\s+/g, " ");
}
