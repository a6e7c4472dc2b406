// Mirostat keeps the surprise of what is drawn near a target: Basu et al., "Mirostat: a neural text decoding algorithm
// that directly controls perplexity", 2020. `mu` is its running bound on a token's surprise, in bits.
import { type Candidate, probabilities, sum } from "./candidates.ts";

// Of how many likeliest tokens version 1 takes the exponent of Zipf's law.
const zipfTokens = 100;

/** Version 1: as many of the likeliest as a Zipf distribution of the row's steepness would need for surprise mu. */
export function mirostat1(candidates: readonly Candidate[], mu: number, nVocab: number): readonly Candidate[] {
  const p = probabilities(candidates).slice(0, zipfTokens);
  const pairs = p.slice(1).map((next, i) => ({
    place: Math.log((i + 2) / (i + 1)),
    drop: Math.log((p[i] as number) / next),
  }));
  const s = sum(pairs.map(({ place, drop }) => place * drop)) / sum(pairs.map(({ place }) => place ** 2));
  const epsilon = s - 1;
  const k = ((epsilon * 2 ** mu) / (1 - nVocab ** -epsilon)) ** (1 / s);
  // A row without a slope, or of one token, has no k.
  return Number.isNaN(k) ? candidates : candidates.slice(0, Math.max(1, Math.floor(k)));
}

/** Version 2: the tokens whose surprise is at most mu, and always the likeliest. */
export function mirostat2(candidates: readonly Candidate[], mu: number): readonly Candidate[] {
  const surprises = probabilities(candidates).map((p) => -Math.log2(p));
  return candidates.filter((_, i) => i === 0 || (surprises[i] as number) <= mu);
}

/** The bound after a token of this surprise, in bits. */
export function nextMu(mu: number, surprise: number, { tau, eta }: { tau: number; eta: number }): number {
  return Number.isFinite(surprise) ? mu - eta * (surprise - tau) : mu;
}
