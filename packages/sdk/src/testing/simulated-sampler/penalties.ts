import type { Token } from "../../backend/ids.ts";
import type { ResolvedSampling } from "../../backend/sampling.ts";

type Params = Pick<ResolvedSampling, "repeatPenalty" | "frequencyPenalty" | "presencePenalty">;

/** Makes the tokens of the window less likely: a factor for having come, an amount per time, an amount for once. */
export function penalise(logits: Float64Array, window: readonly Token[], params: Params): void {
  const counts = new Map<Token, number>();
  for (const token of window) counts.set(token, (counts.get(token) ?? 0) + 1);
  for (const [token, count] of counts) {
    const logit = logits[token] as number;
    // Dividing a negative logit would make the token more likely.
    const scaled = logit > 0 ? logit / params.repeatPenalty : logit * params.repeatPenalty;
    logits[token] = scaled - count * params.frequencyPenalty - params.presencePenalty;
  }
}
