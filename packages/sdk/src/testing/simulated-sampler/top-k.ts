import type { Candidate } from "./candidates.ts";

/** Keeps the k most likely. 0 keeps all. */
export function topK(candidates: readonly Candidate[], k: number): readonly Candidate[] {
  return k === 0 ? candidates : candidates.slice(0, k);
}
