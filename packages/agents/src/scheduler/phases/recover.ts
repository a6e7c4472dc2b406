/**
 * How many of the agents that wait for their recovery may start it now: as many as fit beside those that are being
 * written. The first always fits, because its cells are held from the moment at which an agent is admitted.
 *
 * @param room - cells that the pool may use, its lease included
 * @param recoveriesUsed - what each recovery in progress has used
 */
export function recoveriesThatFit(
  waiting: number,
  room: number,
  recoveryTokens: number,
  recoveriesUsed: readonly number[],
): number {
  const owed = recoveriesUsed.reduce((sum, used) => sum + recoveryTokens - used, 0);
  return Math.min(waiting, Math.max(0, Math.floor((room - owed) / recoveryTokens)));
}
