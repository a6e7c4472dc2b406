import type { Token } from "../../backend/ids.ts";
import type { Candidate } from "./candidates.ts";

/** The token at `uniform`, in [0, 1), of the probabilities laid end to end. */
export function draw(candidates: readonly Candidate[], uniform: number): Token | undefined {
  const best = candidates[0]?.logit ?? 0;
  const weights = candidates.map(({ logit }) => Math.exp(logit - best));
  let rest = uniform * weights.reduce((total, weight) => total + weight, 0);
  const index = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  // Rounding can leave a crumb past the last token.
  return candidates[index === -1 ? candidates.length - 1 : index]?.token;
}
