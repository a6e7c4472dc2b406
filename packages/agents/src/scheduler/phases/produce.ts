import type { Produced } from "@lloyal-labs/sdk";

/** An agent that writes, with the token that it would write next. */
export interface Candidate<A> {
  agent: A;
  produced: Produced;
  /** Tokens of this turn so far, and how many it may have. */
  turnTokens: number;
  maxTokens: number;
  /** Its cells are held by the pool's lease already. */
  recovering: boolean;
}

export interface ProducePlan<A> {
  commits: { agent: A; produced: Produced }[];
  /** Stopped by themselves: their turn is to be read. */
  ended: A[];
  /** Used up their turn without ending it. */
  overlong: A[];
  /** Wait one tick: an end that is under way may give back cells. */
  paused: A[];
  /** No cell is left for the next token and none is about to be freed. At most one: its end makes room for others. */
  starved: A[];
}

/**
 * Sorts what everybody produced. Recoveries have their cells and always go on. The others get rows in order while
 * `rows` last; where those run out, the last in line is cut and the rest wait for what its end gives back.
 */
export function planProduce<A>(
  candidates: readonly Candidate<A>[],
  room: {
    /** Cells for those that are not recovering. */
    rows: number;
    /** Widest batch. */
    rowsMax: number;
  },
): ProducePlan<A> {
  const plan: ProducePlan<A> = { commits: [], ended: [], overlong: [], paused: [], starved: [] };
  const recovering: Candidate<A>[] = [];
  const writing: Candidate<A>[] = [];
  for (const candidate of candidates) {
    if (candidate.produced.isStop) plan.ended.push(candidate.agent);
    else if (candidate.turnTokens >= candidate.maxTokens) plan.overlong.push(candidate.agent);
    else if (candidate.recovering) recovering.push(candidate);
    else writing.push(candidate);
  }
  const width = Math.max(0, room.rowsMax - recovering.length);
  const rows = Math.max(0, Math.min(room.rows, width));
  // A batch that is too narrow for all serves those first that have written least, so that nobody waits for ever.
  if (writing.length > width) writing.sort((a, b) => a.turnTokens - b.turnTokens);
  plan.commits.push(...recovering.slice(0, room.rowsMax), ...writing.slice(0, rows));
  const blocked = writing.slice(rows).map(({ agent }) => agent);
  const endsUnderWay = recovering.length + plan.ended.length + plan.overlong.length > 0;
  if (blocked.length > 0 && room.rows < width && !endsUnderWay) plan.starved.push(blocked.pop() as A);
  plan.paused.push(...blocked, ...recovering.slice(room.rowsMax).map(({ agent }) => agent));
  return plan;
}
