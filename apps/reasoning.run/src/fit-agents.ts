import { InvalidArgumentError } from "@lloyal-labs/sdk";

/** Cells of the spine: instructions and tool schemas, measured on ChatML models, with some room. */
const spineCells = 448;
/** Cells of one agent: its question, one search result and the turns around it. */
const agentCells = 640;

/** Cells that `agents` agents need. A quarter of the cache stays free for what comes after them. */
export function cellsNeeded(agents: number): number {
  return Math.ceil(((spineCells + agents * agentCells) * 4) / 3);
}

/**
 * How many agents fit into a cache of `nCtx` cells at once, at most `wanted`.
 *
 * @throws InvalidArgumentError when not even one fits, with the number that it needs
 */
export function fitAgents(wanted: number, nCtx: number): number {
  for (let agents = wanted; agents >= 1; agents--) if (cellsNeeded(agents) <= nCtx) return agents;
  const needed = Math.ceil(cellsNeeded(1) / 256) * 256;
  throw new InvalidArgumentError(
    `--n-ctx ${nCtx} is too small for one agent.`,
    { nCtx, needed },
    `Give at least ${needed}.`,
  );
}
