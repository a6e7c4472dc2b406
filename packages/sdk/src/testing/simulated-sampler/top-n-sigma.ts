import { type Candidate, sum } from "./candidates.ts";

/** Keeps what lies within n standard deviations of the highest logit. 0 keeps all. */
export function topNSigma(candidates: readonly Candidate[], n: number): readonly Candidate[] {
  const best = candidates[0];
  if (n === 0 || !best) return candidates;
  const logits = candidates.map(({ logit }) => logit);
  const mean = sum(logits) / logits.length;
  const deviation = Math.sqrt(sum(logits.map((logit) => (logit - mean) ** 2)) / logits.length);
  return candidates.filter(({ logit }) => logit >= best.logit - n * deviation);
}
