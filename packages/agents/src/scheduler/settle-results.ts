import { type Operation, until } from "effection";
import type { Agent } from "../agent/agent.ts";
import { leaseNeeds, type PoolState, viewOf } from "../pool/pool-state.ts";
import { fitResults } from "./fit-text.ts";
import { type MeasuredText, shortText } from "./measure-text.ts";
import { leaseOf } from "./phases/lease.ts";
import type { PendingResult } from "./phases/pending.ts";
import { planSettle } from "./phases/settle.ts";
import { cutAgent, openTurn } from "./turns.ts";

const tooBig = "its tool result does not fit into the context";

/** Agents whose turn has all of its results: a turn of several calls waits for the last. */
export function answered(pool: PoolState): { agent: Agent; results: PendingResult[] }[] {
  const whole: { agent: Agent; results: PendingResult[] }[] = [];
  if (pool.results.length === 0) return whole;
  for (const agent of pool.agents) {
    const { state } = agent;
    if (state.kind !== "awaiting-tool") continue;
    const results = pool.results.filter((result) => result.agent === agent);
    if (results.length === state.callIds.length) whole.push({ agent, results });
  }
  return whole;
}

/** SETTLE: prefills the results of whole turns, all or the part that fits, in one batch. */
export function* settleResults(pool: PoolState): Operation<void> {
  const whole = answered(pool);
  if (whole.length === 0) return;
  pool.results = pool.results.filter((result) => !whole.some(({ agent }) => agent === result.agent));

  const candidates = whole.map(({ agent, results }) => {
    const named = results.map(({ tool, measured }) => ({ name: tool, measured }));
    const next = pool.policy.planTurn(viewOf(pool, agent));
    const canBeWhole = named.every(({ measured: { text, charsMax } }) => charsMax === text.length);
    const unlimited = Number.POSITIVE_INFINITY;
    const inFull = canBeWhole ? fitResults(pool.language, named, unlimited) : undefined;
    const tokens = inFull?.tokens.length ?? unlimited;
    return { agent, results, named, inFull, tokens, turnTokens: next?.maxTokens ?? 0 };
  });
  const floor = Math.max(pool.budget.softLimit, leaseOf(leaseNeeds(pool)));
  const { oversized } = pool.budget;
  const plan = planSettle(candidates, { cells: pool.lease.room, floor, wholeOnly: oversized === "terminate" });
  for (const agent of plan.refuse) cutAgent(pool, agent, tooBig);

  const admitted = plan.admit.flatMap(({ agent, tokensMax }) => {
    const candidate = candidates.find((each) => each.agent === agent);
    const fitted = candidate && (tokensMax < candidate.tokens ? fitPart(pool, candidate, tokensMax) : candidate.inFull);
    if (fitted) return [{ agent, results: candidate.results, ...fitted }];
    cutAgent(pool, agent, tooBig);
    return [];
  });
  if (admitted.length === 0) return;
  yield* until(pool.store.prefill(admitted.map(({ agent, tokens }) => [agent.branch, tokens] as const)));
  for (const { agent, results, texts } of admitted) {
    if (!agent.live) continue;
    for (const [i, result] of results.entries()) note(pool, agent, result, texts[i] as string);
    agent.change({ type: "settle" });
    openTurn(pool, agent);
  }
}

type NamedResult = { name: string; measured: MeasuredText };

/** Results that do not fit in full: their first parts, or a note in the place of each, as the policy says. */
function fitPart(pool: PoolState, { named }: { named: readonly NamedResult[] }, tokensMax: number) {
  const shown = pool.budget.oversized === "refuse" ? named.map(tooLong) : named;
  return fitResults(pool.language, shown, tokensMax);
}

function tooLong({ name, measured: { text } }: NamedResult): NamedResult {
  const note = `[refused: the result has ${text.length} characters, more than there is room for. Ask for less.]`;
  return { name, measured: shortText(note) };
}

/** Remembers what an agent has read, and whether it was news. */
function note(pool: PoolState, agent: Agent, { callId, tool, result }: PendingResult, text: string): void {
  const lines = text.split("\n").filter((line) => line.trim().length > 0);
  const news = lines.some((line) => !agent.linesSeen.has(line));
  for (const line of lines) agent.linesSeen.add(line);
  agent.stale = news ? 0 : agent.stale + 1;
  pool.events.send({ type: "agent:tool_result", agentId: agent.id, callId, tool, result, prefilled: text });
}
