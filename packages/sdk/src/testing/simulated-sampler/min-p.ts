import type { Candidate } from "./candidates.ts";

/** Drops what is less likely than minP times the most likely. */
export function minP(candidates: readonly Candidate[], p: number): readonly Candidate[] {
  const best = candidates[0]?.logit ?? 0;
  return candidates.filter(({ logit }) => Math.exp(logit - best) >= p);
}
