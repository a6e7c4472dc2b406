import { type Candidate, probabilities } from "./candidates.ts";

/** "Exclude top choices": where the coin falls below `probability`, of all that reach `threshold` only the last stays. */
export function xtc(
  candidates: readonly Candidate[],
  { probability, threshold, coin }: { probability: number; threshold: number; coin: number },
): readonly Candidate[] {
  if (coin >= probability) return candidates;
  const reaching = probabilities(candidates).filter((p) => p >= threshold).length;
  return candidates.slice(Math.max(0, reaching - 1));
}
