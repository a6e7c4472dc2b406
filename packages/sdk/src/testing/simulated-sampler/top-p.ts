import { type Candidate, probabilities } from "./candidates.ts";
import { smallestMass } from "./smallest-mass.ts";

/** Keeps the smallest head of the list whose probability reaches p. 1 keeps all. */
export function topP(candidates: readonly Candidate[], p: number): readonly Candidate[] {
  return p === 1 ? candidates : candidates.slice(0, smallestMass(probabilities(candidates), p));
}
