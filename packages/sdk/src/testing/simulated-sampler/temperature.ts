import { type Candidate, entropyOf, probabilities } from "./candidates.ts";

/** Divides the logits; see `SamplingParams.dynatempRange` for a temperature that follows the entropy. */
export function temper(
  candidates: readonly Candidate[],
  { temperature, range, exponent }: { temperature: number; range: number; exponent: number },
): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const low = Math.max(0, temperature - range);
  const high = temperature + range;
  const share = entropyOf(probabilities(candidates)) / Math.log(candidates.length);
  const actual = range === 0 ? temperature : low + (high - low) * share ** exponent;
  // A row without doubt under dynamic temperature: the limit is its best token.
  if (actual === 0) return candidates.slice(0, 1);
  return candidates.map(({ token, logit }) => ({ token, logit: logit / actual }));
}
