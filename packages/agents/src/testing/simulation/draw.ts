import type { Rng } from "./rng.ts";

/** Kinds of things that a scenario may do. Each seed switches off a random half: a mix of all hides rare combinations. */
export const kinds = [
  "spine",
  "trunk",
  "keep branches",
  "terminal",
  "free text",
  "no recovery",
  "concurrent tools",
  "slow tools",
  "huge latency",
  "long results",
  "failing tools",
  "odd results",
  "nested generate",
  "nested pool",
  "progress",
  "several calls",
  "malformed",
  "never stop",
  "stop at once",
  "repeat",
  "obey",
  "say",
  "hash",
  "chain",
  "graph",
  "let go",
  "late start",
  "failing orchestrator",
  "slow decode",
  "temperature",
  "faults",
  "system prompts",
  "long tasks",
  "short turns",
  "own budget",
  "few sequences",
  "narrow batches",
  "many agents",
  "shy tools",
  "failing policy",
  "follow-up",
  "rival pool",
  "rival generate",
  "hog",
  "tight",
] as const;

export type Kind = (typeof kinds)[number];

/** Draws for one scenario, and knows which kinds it may use. */
export class Draw {
  readonly rng: Rng;
  readonly #on: ReadonlySet<Kind>;
  readonly nCtx: number;

  constructor(rng: Rng, on: ReadonlySet<Kind>, nCtx: number) {
    this.rng = rng;
    this.#on = on;
    this.nCtx = nCtx;
  }

  fork(name: string): Draw {
    return new Draw(this.rng.fork(name), this.#on, this.nCtx);
  }

  on(kind: Kind, probability = 1): boolean {
    return this.#on.has(kind) && this.rng.chance(probability);
  }

  /** One of those whose kind is on; `otherwise` has none. */
  oneOf<T>(choices: readonly (readonly [kind: Kind, value: T])[], otherwise: readonly T[]): T {
    return this.rng.pick([...choices.filter(([kind]) => this.#on.has(kind)).map(([, value]) => value), ...otherwise]);
  }
}
