import { type Candidate, entropyOf, probabilities } from "./candidates.ts";
import { smallestMass } from "./smallest-mass.ts";

/** Keeps the tokens whose surprisal is nearest to the entropy, up to mass p, in the order of their logits. 1 keeps all. */
export function typical(candidates: readonly Candidate[], p: number): readonly Candidate[] {
  if (p === 1) return candidates;
  const chances = probabilities(candidates);
  const entropy = entropyOf(chances);
  const distance = chances.map((chance) => Math.abs(-Math.log(chance) - entropy));
  const nearest = [...candidates.keys()].sort((a, b) => (distance[a] as number) - (distance[b] as number) || a - b);
  const count = smallestMass(
    nearest.map((i) => chances[i] as number),
    p,
  );
  const kept = new Set(nearest.slice(0, count));
  return candidates.filter((_, i) => kept.has(i));
}
