/** The results of one agent's turn: they settle together, at a clean turn boundary. */
export interface SettleCandidate<A> {
  agent: A;
  /** Cells that the whole text would take. */
  tokens: number;
  /** Cells that the turn after it may take. */
  turnTokens: number;
}

export interface SettlePlan<A> {
  /** `tokensMax` is less than the candidate's tokens when only a part fits. */
  admit: { agent: A; tokensMax: number }[];
  /** Not even a useful part fits, or parts are not wanted. */
  refuse: A[];
}

/** Below this a part of a result says nothing. */
const usefulTokensMin = 48;

/**
 * Admits results in order while each leaves `floor` cells and room for the agent's next turn. A result that does not
 * fit gets the cells that there are, unless only whole ones are wanted.
 */
export function planSettle<A>(
  candidates: readonly SettleCandidate<A>[],
  room: { cells: number; floor: number; wholeOnly: boolean },
): SettlePlan<A> {
  const plan: SettlePlan<A> = { admit: [], refuse: [] };
  let headroom = room.cells - room.floor;
  for (const { agent, tokens, turnTokens } of candidates) {
    const tokensMax = Math.min(tokens, headroom - turnTokens);
    const tokensMin = room.wholeOnly ? tokens : Math.min(tokens, usefulTokensMin);
    if (tokensMax >= tokensMin) {
      plan.admit.push({ agent, tokensMax });
      headroom -= tokensMax + turnTokens;
    } else plan.refuse.push(agent);
  }
  return plan;
}
