export interface TickShape {
  branches: number;
  /** Cells that all branches share. */
  prefix: number;
  /** Cells of each branch's own. */
  own: number;
}

/**
 * The least milliseconds of a tick that reads all weights and every cell once, at a memory bandwidth in bytes per second.
 * What it computes, and the host, come on top.
 */
export function tickBoundMs(
  { branches, prefix, own }: TickShape,
  model: { weightBytes: number; cellBytes: number },
  bandwidth: number,
): number {
  const cells = prefix + branches * own;
  return (1000 * (model.weightBytes + cells * model.cellBytes)) / bandwidth;
}
