import type { Produced } from "@lloyal-labs/sdk";

/** A generating agent with the token that it would write next. */
export interface Candidate<A> {
  agent: A;
  produced: Produced;
  /** Tokens of this turn so far, and how many it may have. */
  turnTokens: number;
  maxTokens: number;
}

export interface ProducePlan<A> {
  commits: { agent: A; produced: Produced }[];
  /** Stopped by themselves: their turn is to be read. */
  ended: A[];
  /** Used up their turn without ending it. */
  overlong: A[];
  /** No cell is left for their next token. */
  starved: A[];
}

/**
 * Sorts what everybody produced. Rows are given in order while they leave `hardLimit` cells free: a token
 * produced below that line has no cell, and the whole batch would fail with it.
 */
export function planProduce<A>(
  candidates: readonly Candidate<A>[],
  room: { free: number; hardLimit: number; rowsMax: number },
): ProducePlan<A> {
  const plan: ProducePlan<A> = { commits: [], ended: [], overlong: [], starved: [] };
  const rows = Math.min(room.rowsMax, room.free - room.hardLimit);
  for (const { agent, produced, turnTokens, maxTokens } of candidates) {
    if (produced.isStop) plan.ended.push(agent);
    else if (turnTokens >= maxTokens) plan.overlong.push(agent);
    else if (plan.commits.length >= rows) plan.starved.push(agent);
    else plan.commits.push({ agent, produced });
  }
  return plan;
}
