import { InvalidArgumentError } from "../errors.ts";
import type { SamplingParams } from "./engine.ts";

/** Every parameter with its value. */
export type ResolvedSampling = Required<SamplingParams>;

interface Field<T> {
  fallback: T;
  isValid(value: T): boolean;
}

const between = (fallback: number, min: number, max: number): Field<number> => ({
  fallback,
  isValid: (value) => typeof value === "number" && value >= min && value <= max,
});
const above = (fallback: number, min: number, max: number): Field<number> => ({
  fallback,
  isValid: (value) => typeof value === "number" && value > min && value <= max,
});
const whole = (fallback: number, min: number, max: number): Field<number> => ({
  fallback,
  isValid: (value) => Number.isInteger(value) && value >= min && value <= max,
});

// In the order in which they act; see SamplingParams.
const fields: { [Name in keyof ResolvedSampling]: Field<ResolvedSampling[Name]> } = {
  repeatPenalty: above(1, 0, 1e6),
  frequencyPenalty: between(0, -1e6, 1e6),
  presencePenalty: between(0, -1e6, 1e6),
  penaltyLastN: whole(64, 0, 4096),
  dryMultiplier: between(0, 0, 1e6),
  dryBase: between(1.75, 1, 1e6),
  dryAllowedLength: whole(2, 1, 4096),
  dryLastN: whole(1024, 0, 4096),
  dryBreakers: { fallback: [], isValid: isTokenList },
  topNSigma: between(0, 0, 1e6),
  topK: whole(0, 0, 2 ** 31 - 1),
  typicalP: above(1, 0, 1),
  topP: above(1, 0, 1),
  minP: between(0, 0, 1),
  xtcProbability: between(0, 0, 1),
  xtcThreshold: above(0.1, 0, 0.5),
  mirostat: { fallback: 0, isValid: (value) => [0, 1, 2].includes(value) },
  mirostatTau: above(5, 0, 100),
  mirostatEta: above(0.1, 0, 1),
  temperature: between(0, 0, 100),
  dynatempRange: between(0, 0, 100),
  dynatempExponent: above(1, 0, 100),
  seed: whole(0, 0, 2 ** 32 - 1),
};

const names = Object.keys(fields) as (keyof ResolvedSampling)[];

/** All parameters, given or by default. Throws InvalidArgumentError for a field that is unknown or out of range. */
export function resolveSampling(params: SamplingParams = {}): ResolvedSampling {
  if (typeof params !== "object" || params === null || Array.isArray(params))
    throw new InvalidArgumentError("sampling parameters are an object.");
  for (const name of Object.keys(params)) {
    // A misspelt parameter must not be ignored.
    if (!Object.hasOwn(fields, name))
      throw new InvalidArgumentError(`sampling parameter ${name} is not known.`, { name });
  }
  return Object.fromEntries(names.map((name) => [name, resolved(name, params[name])])) as unknown as ResolvedSampling;
}

export function isSameSampling(a: ResolvedSampling, b: ResolvedSampling): boolean {
  return names.every((name) => String(a[name]) === String(b[name]));
}

function resolved<Name extends keyof ResolvedSampling>(
  name: Name,
  value: ResolvedSampling[Name] | undefined,
): ResolvedSampling[Name] {
  const { fallback, isValid } = fields[name];
  if (value === undefined) return fallback;
  if (isValid(value)) return structuredClone(value);
  throw new InvalidArgumentError(`sampling parameter ${name} is out of range.`, { name, value: String(value) });
}

// Whether they are in the vocabulary is for the engine to say.
function isTokenList(value: readonly number[]): boolean {
  return Array.isArray(value) && value.length <= 64 && value.every((token) => Number.isInteger(token) && token >= 0);
}
