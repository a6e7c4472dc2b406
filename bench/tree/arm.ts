import type { TokenCounts, Workload } from "./workload.ts";

/** What all arms are given alike. */
export interface Machine {
  modelPath: string;
  threads: number;
}

export interface ArmRun {
  /** From the first token of the spine to the last of all agents; the model is loaded and warm by then. */
  wallMs: number;
  /** By the arm's own account of what it evaluated, not by what it was given. */
  evaluated: TokenCounts;
  /** Tokens that the agents got back. */
  generated: number;
}

/** One way to do the job. Each run begins with an empty cache. */
export type Arm = (workload: Workload) => Promise<ArmRun>;
