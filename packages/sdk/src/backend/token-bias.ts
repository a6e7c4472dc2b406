import { InvalidArgumentError } from "../errors.ts";
import type { TokenBias } from "./engine.ts";
import type { Token } from "./ids.ts";
import { requireObjects } from "./require-objects.ts";

/** Throws InvalidArgumentError when `token` is no token of a vocabulary of this size. */
export function requireToken(token: Token, nVocab: number): void {
  if (Number.isInteger(token) && token >= 0 && token < nVocab) return;
  throw new InvalidArgumentError(`token ${String(token)} is not in the vocabulary.`, { token: String(token), nVocab });
}

/** One sum per token, in the order of first mention. Throws InvalidArgumentError; see `Engine.setLogitBias`. */
export function checkBiases(biases: readonly TokenBias[], nVocab: number): ReadonlyMap<Token, number> {
  requireObjects("biases", biases);
  const sums = new Map<Token, number>();
  for (const { token, bias } of biases) {
    requireToken(token, nVocab);
    const sum = typeof bias === "number" ? (sums.get(token) ?? 0) + bias : Number.NaN;
    if (!(sum < Infinity))
      throw new InvalidArgumentError("a bias is a number below Infinity.", { token, bias: String(bias) });
    sums.set(token, sum);
  }
  return sums;
}
