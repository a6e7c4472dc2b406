import { InvalidArgumentError, type SamplingParams } from "@lloyal-labs/sdk";
import type { NativeSampling } from "./binding/native.ts";
import { checkNumbers, type NumberField, refuseUnknown } from "./check-fields.ts";

const fields: Record<keyof NativeSampling, NumberField> = {
  temperature: { fallback: 0, min: 0, max: 100, integer: false },
  topK: { fallback: 0, min: 0, max: 2 ** 31 - 1, integer: true },
  // The smallest positive number: 0 would keep nothing.
  topP: { fallback: 1, min: Number.MIN_VALUE, max: 1, integer: false },
  minP: { fallback: 0, min: 0, max: 1, integer: false },
  seed: { fallback: 0, min: 0, max: 2 ** 32 - 1, integer: true },
};

/** Sampling parameters with their defaults, or INVALID_ARGUMENT. */
export function checkSampling(sampling: SamplingParams = {}): NativeSampling {
  if (typeof sampling !== "object" || sampling === null) throw new InvalidArgumentError("sampling must be an object.");
  refuseUnknown(sampling, Object.keys(fields), "sampling");
  return checkNumbers(fields, sampling);
}
