import type { Token } from "../../backend/ids.ts";

/** Adds to the logits of single tokens. -Infinity blocks one. */
export function addBiases(logits: Float64Array, biases: ReadonlyMap<Token, number>): void {
  for (const [token, bias] of biases) logits[token] = (logits[token] as number) + bias;
}
