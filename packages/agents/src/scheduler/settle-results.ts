import { type Operation, until } from "effection";
import type { Agent } from "../agent/agent.ts";
import { leaseNeeds, liveAgents, type PoolState, viewOf } from "../pool/pool-state.ts";
import { fitResults } from "./fit-text.ts";
import { leaseOf } from "./phases/lease.ts";
import type { PendingResult } from "./phases/pending.ts";
import { planSettle } from "./phases/settle.ts";
import { cutAgent, openTurn } from "./turns.ts";

const tooBig = "its tool result does not fit into the context";

/** Agents whose turn has all of its results: a turn of several calls waits for the last. */
export function answered(pool: PoolState): { agent: Agent; results: PendingResult[] }[] {
  return liveAgents(pool).flatMap((agent) => {
    const state = agent.state;
    if (state.kind !== "awaiting-tool") return [];
    const results = pool.results.filter((result) => result.agent === agent);
    return results.length === state.callIds.length ? [{ agent, results }] : [];
  });
}

/** SETTLE: prefills the results of whole turns, all or the part that fits, in one batch. */
export function* settleResults(pool: PoolState): Operation<void> {
  const whole = answered(pool);
  if (whole.length === 0) return;
  pool.results = pool.results.filter((result) => !whole.some(({ agent }) => agent === result.agent));

  const candidates = whole.map(({ agent, results }) => {
    const named = results.map(({ tool, text }) => ({ name: tool, text }));
    const next = pool.policy.planTurn(viewOf(pool, agent));
    const tokens = fitResults(pool.language, named, Number.POSITIVE_INFINITY)?.tokens.length ?? 0;
    return { agent, results, named, tokens, turnTokens: next?.maxTokens ?? 0 };
  });
  const floor = Math.max(pool.budget.softLimit, leaseOf(leaseNeeds(pool)));
  const { oversized } = pool.budget;
  const plan = planSettle(candidates, { cells: pool.lease.room, floor, wholeOnly: oversized === "terminate" });
  for (const agent of plan.refuse) cutAgent(pool, agent, tooBig);

  const admitted = plan.admit.flatMap(({ agent, tokensMax }) => {
    const candidate = candidates.find((each) => each.agent === agent);
    const refused = candidate && oversized === "refuse" && tokensMax < candidate.tokens;
    const named = refused ? candidate.named.map(tooLong) : candidate?.named;
    const fitted = named && fitResults(pool.language, named, tokensMax);
    if (candidate && fitted) return [{ agent, results: candidate.results, ...fitted }];
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

function tooLong({ name, text }: { name: string; text: string }): { name: string; text: string } {
  return {
    name,
    text: `[refused: the result has ${text.length} characters, more than there is room for. Ask for less.]`,
  };
}

/** Remembers what an agent has read, and whether it was news. */
function note(pool: PoolState, agent: Agent, { callId, tool, result }: PendingResult, text: string): void {
  const lines = text.split("\n").filter((line) => line.trim().length > 0);
  const news = lines.some((line) => !agent.linesSeen.has(line));
  for (const line of lines) agent.linesSeen.add(line);
  agent.stale = news ? 0 : agent.stale + 1;
  pool.events.send({ type: "agent:tool_result", agentId: agent.id, callId, tool, result, prefilled: text });
}
