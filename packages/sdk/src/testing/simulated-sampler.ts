import type { SamplingParams } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { InvalidArgumentError } from "../errors.ts";

/** The slow plain version of the sampler chain: top-k, top-p, min-p, temperature, draw. */
export function sampleRow(
  logits: Float32Array,
  allowed: (token: Token) => boolean,
  params: SamplingParams,
  uniform: number,
): Token | undefined {
  const temperature = params.temperature ?? 0;
  if (temperature <= 0) return bestOf(logits, allowed);
  let candidates: { token: Token; logit: number }[] = [];
  for (let token = 0; token < logits.length; token++) {
    if (allowed(token)) candidates.push({ token, logit: logits[token] as number });
  }
  candidates.sort((a, b) => b.logit - a.logit || a.token - b.token);
  const best = candidates[0];
  if (!best) return undefined;

  if (params.topK) candidates = candidates.slice(0, params.topK);
  const weight = (logit: number) => Math.exp(logit - best.logit);
  if (params.topP !== undefined && params.topP < 1) {
    const total = candidates.reduce((sum, { logit }) => sum + weight(logit), 0);
    let mass = 0;
    const cut = candidates.findIndex(({ logit }) => {
      mass += weight(logit) / total;
      return mass >= (params.topP as number);
    });
    candidates = candidates.slice(0, cut + 1);
  }
  if (params.minP) candidates = candidates.filter(({ logit }) => weight(logit) >= (params.minP as number));

  const weights = candidates.map(({ logit }) => Math.exp((logit - best.logit) / temperature));
  const total = weights.reduce((sum, w) => sum + w, 0);
  let rest = uniform * total;
  const index = weights.findIndex((w) => {
    rest -= w;
    return rest < 0;
  });
  return candidates[index === -1 ? candidates.length - 1 : index]?.token;
}

// A grammar is asked only about tokens that beat the best so far: about six of a vocabulary, and not each.
function bestOf(logits: Float32Array, allowed: (token: Token) => boolean): Token | undefined {
  let best: Token | undefined;
  for (let token = 0; token < logits.length; token++) {
    const beats = best === undefined || (logits[token] as number) > (logits[best] as number);
    if (beats && allowed(token)) best = token;
  }
  return best;
}

const ranges: Record<keyof SamplingParams, (value: number) => boolean> = {
  temperature: (v) => v >= 0 && v <= 100,
  topK: (v) => Number.isInteger(v) && v >= 0 && v < 2 ** 31,
  topP: (v) => v > 0 && v <= 1,
  minP: (v) => v >= 0 && v <= 1,
  seed: (v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32,
};

/** Throws InvalidArgumentError for a field that is unknown or out of range. */
export function checkSampling(params: SamplingParams): void {
  for (const [name, value] of Object.entries(params)) {
    const inRange = Object.hasOwn(ranges, name) ? ranges[name as keyof SamplingParams] : undefined;
    if (!inRange) throw new InvalidArgumentError(`sampling parameter ${name} is not known.`, { name });
    if (value !== undefined && !(typeof value === "number" && inRange(value))) {
      throw new InvalidArgumentError(`sampling parameter ${name} is out of range.`, { name, value: String(value) });
    }
  }
}
