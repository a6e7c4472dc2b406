/** What the lease of a pool is made of. All figures in cells. */
export interface LeaseNeeds {
  /** Cells of one recovery: its prompt and its longest report. 0 where nothing is recovered. */
  recoveryTokens: number;
  /** For each recovery that is being written: what it has used so far. */
  recoveriesUsed: readonly number[];
  /** Agents that live and are not being recovered. Each needs a row in the next tick, and its recovery if it is cut. */
  liveAgents: number;
}

/**
 * Cells that stay free for the recoveries alone. A recovery gives back what it used, so one set of cells serves all,
 * one after the other; as many run at once as were started.
 */
export function recoveryReserve({ recoveryTokens, recoveriesUsed, liveAgents }: LeaseNeeds): number {
  const started = recoveryTokens * recoveriesUsed.length;
  const used = recoveriesUsed.reduce((sum, cells) => sum + cells, 0);
  return Math.max(liveAgents > 0 ? recoveryTokens : 0, started) - used;
}

/** Cells that a pool holds back: the recovery reserve, and one row for each live agent. */
export function leaseOf(needs: LeaseNeeds): number {
  return recoveryReserve(needs) + needs.liveAgents;
}
