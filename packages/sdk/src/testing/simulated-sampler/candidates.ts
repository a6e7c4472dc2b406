import type { Token } from "../../backend/ids.ts";

/** A token that may still be drawn. Lists of them are in order: the highest logit first, ties by the lowest id. */
export interface Candidate {
  readonly token: Token;
  readonly logit: number;
}

/** The tokens of a row that are allowed, in order. */
export function rank(logits: ArrayLike<number>, allowed: (token: Token) => boolean): Candidate[] {
  const candidates: Candidate[] = [];
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit !== -Infinity && allowed(token)) candidates.push({ token, logit });
  }
  return candidates.sort((a, b) => b.logit - a.logit || a.token - b.token);
}

/** Softmax over the candidates, shape [n]. The highest logit is taken off first: exp() of a large one would overflow. */
export function probabilities(candidates: readonly Candidate[]): number[] {
  const best = candidates[0]?.logit ?? 0;
  const weights = candidates.map(({ logit }) => Math.exp(logit - best));
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** Shannon entropy, in nats. */
export function entropyOf(probabilities: readonly number[]): number {
  return -sum(probabilities.map((p) => (p === 0 ? 0 : p * Math.log(p))));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
