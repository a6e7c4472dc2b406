/** A spawn that waits for admission, as the plan sees it. */
export interface SpawnCost {
  /** Cells of its prompt. */
  promptTokens: number;
  /** Cells that its first turn may take. */
  turnTokens: number;
}

export interface SpawnPlan<S> {
  admit: S[];
  /** Fits later, when agents that live now have ended. */
  wait: S[];
  /** Can never fit: there is nobody left to wait for. */
  drop: S[];
}

/**
 * Admits agents in order while each leaves the floor and a row of its own free, and a sequence is left. Nobody
 * overtakes: the first that has to wait makes the others wait, so that a small task cannot starve a big one.
 */
export function planSpawn<S extends SpawnCost>(
  waiting: readonly S[],
  room: { cells: number; floor: number; sequences: number; liveAgents: number },
): SpawnPlan<S> {
  const plan: SpawnPlan<S> = { admit: [], wait: [], drop: [] };
  let headroom = room.cells - room.floor;
  let sequences = room.sequences;
  for (const spawn of waiting) {
    const cost = spawn.promptTokens + spawn.turnTokens + 1;
    const fits = plan.wait.length === 0 && cost <= headroom && sequences > 0;
    if (fits) {
      plan.admit.push(spawn);
      headroom -= cost;
      sequences -= 1;
    } else if (room.liveAgents + plan.admit.length > 0) plan.wait.push(spawn);
    else plan.drop.push(spawn);
  }
  return plan;
}
