/** Agents that share a spine: the job that every arm of `bench tree` is given. */
export interface TreeShape {
  agents: number;
  /** Tokens that all agents begin with. */
  spine: number;
}

export interface Workload extends TreeShape {
  spineTokens: readonly number[];
  /** What each agent is given at the start of each of its turns, the first time after the spine. */
  deltas: readonly (readonly (readonly number[])[])[];
}

/** Tokens that `llama_decode` sees, each counted once per evaluation. */
export interface TokenCounts {
  /** In batches of many rows of one sequence. */
  prefilled: number;
  /** One row per sequence and tick. */
  decoded: number;
}

export const turns = 3;
export const generatedPerTurn = 48;
const taskTokens = 60;
const resultTokens = 200;

/** Ordinary words only: every vocabulary of this size has its special tokens at one of the ends. */
const [firstWord, words] = [1000, 30_000];

/** The same tokens for the same shape and seed. */
export function treeWorkload({ agents, spine }: TreeShape, seed = 1): Workload {
  const random = tokensFrom(seed);
  const spineTokens = random(spine);
  const deltas = Array.from({ length: agents }, () => [
    random(taskTokens),
    ...Array.from({ length: turns - 1 }, () => random(resultTokens)),
  ]);
  return { agents, spine, spineTokens, deltas };
}

/**
 * What has to be evaluated where the spine is evaluated `spines` times: once is ideal, once per agent is what agents
 * that share nothing do. The last token of a turn is written with what follows it, and that of the last turn never.
 */
export function tokenCounts({ agents, spine }: TreeShape, spines = 1): TokenCounts {
  const own = taskTokens + (turns - 1) * (resultTokens + 1);
  return { prefilled: spines * spine + agents * own, decoded: agents * turns * (generatedPerTurn - 1) };
}

/** Tokens of one agent at its end. */
export function agentTokens(spine: number): number {
  return spine + taskTokens + turns * generatedPerTurn + (turns - 1) * resultTokens;
}

/** A linear congruential generator: there is nothing to guess here, only to be the same everywhere. */
function tokensFrom(seed: number): (count: number) => number[] {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return firstWord + Math.floor((state / 2 ** 32) * words);
  };
  return (count) => Array.from({ length: count }, next);
}
