import type { Token } from "../../backend/ids.ts";
import type { ResolvedSampling } from "../../backend/sampling.ts";

type Params = Pick<ResolvedSampling, "dryMultiplier" | "dryBase" | "dryAllowedLength" | "dryBreakers">;

// Finite, so that a token which is the only one left can still be drawn.
const penaltyMax = 1e9;

/**
 * "Don't repeat yourself": makes a token the less likely the longer the repetition that it would go on.
 *
 *     window: a b c X ... a b c      X followed the last 3 tokens once before, so it loses multiplier x base^(3 - allowed)
 */
export function dry(logits: Float64Array, window: readonly Token[], params: Params): void {
  const longest = new Map<Token, number>();
  for (const [at, token] of window.entries()) {
    if (params.dryBreakers.includes(token)) continue;
    const length = commonEnd(window, at, params.dryBreakers);
    longest.set(token, Math.max(longest.get(token) ?? 0, length));
  }
  for (const [token, length] of longest) {
    if (length < params.dryAllowedLength) continue;
    const penalty = params.dryMultiplier * params.dryBase ** (length - params.dryAllowedLength);
    logits[token] = (logits[token] as number) - Math.min(penalty, penaltyMax);
  }
}

/** How many tokens before `at` equal the last ones of the window. */
function commonEnd(window: readonly Token[], at: number, breakers: readonly Token[]): number {
  let length = 0;
  while (length < at) {
    const token = window[at - 1 - length] as Token;
    if (token !== window[window.length - 1 - length] || breakers.includes(token)) break;
    length++;
  }
  return length;
}
