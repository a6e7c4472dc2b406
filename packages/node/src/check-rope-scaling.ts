import { InvalidArgumentError } from "@lloyal-labs/sdk";
import type { NativeRope } from "./binding/native.ts";
import { checkChoice, checkNumbers, refuseUnknown } from "./check-fields.ts";
import type { RopeScaling } from "./context-options.ts";

const types = ["none", "linear", "yarn"] as const;

// 0 is how llama.cpp says "as the model has it".
const numbers = {
  factor: { fallback: 0, min: 1, max: 1024, integer: false },
  freqBase: { fallback: 0, min: 1, max: 1e12, integer: false },
  originalContext: { fallback: 0, min: 1, max: 2 ** 22, integer: true },
};

/** INVALID_ARGUMENT also for a field that the type would leave without effect. */
export function checkRopeScaling(scaling: RopeScaling | undefined): NativeRope | undefined {
  if (scaling === undefined) return undefined;
  if (typeof scaling !== "object" || scaling === null)
    throw new InvalidArgumentError("ropeScaling must be an object.", { value: String(scaling) });
  refuseUnknown(scaling, ["type", ...Object.keys(numbers)], "ropeScaling");
  const type = checkChoice("ropeScaling.type", scaling.type, types);
  if (type === "none") refuse(scaling, "factor", "linear or yarn");
  if (type !== "yarn") refuse(scaling, "originalContext", "yarn");
  return { type, ...checkNumbers(numbers, scaling) };
}

function refuse(scaling: RopeScaling, field: "factor" | "originalContext", types: string): void {
  const value = scaling[field];
  if (value === undefined) return;
  throw new InvalidArgumentError(`ropeScaling.${field} acts with ${types} only.`, { type: scaling.type, value });
}
