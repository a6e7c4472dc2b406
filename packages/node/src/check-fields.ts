import { InvalidArgumentError } from "@lloyal-labs/sdk";

/** One numeric field: its default and what it may be, in words that go into the error. */
export interface NumberField {
  /** Not checked: it may lie outside where it stands for "not given". */
  fallback: number;
  min: number;
  max: number;
  integer: boolean;
}

/** The fields of `table`, each given or defaulted. INVALID_ARGUMENT for one that is out of range. */
export function checkNumbers<K extends string>(
  table: Record<K, NumberField>,
  given: Partial<Record<NoInfer<K>, number>>,
): Record<K, number> {
  const out = {} as Record<K, number>;
  for (const name of Object.keys(table) as K[]) {
    const field = table[name];
    const value = given[name];
    out[name] = value === undefined ? field.fallback : checkNumber(name, field, value);
  }
  return out;
}

/** `value`, if it is what `field` allows. INVALID_ARGUMENT where not. */
export function checkNumber(name: string, { min, max, integer }: Omit<NumberField, "fallback">, value: number): number {
  const fits = typeof value === "number" && value >= min && value <= max;
  if (fits && (!integer || Number.isInteger(value))) return value;
  const kind = integer ? "an integer" : "a number";
  throw new InvalidArgumentError(`${name} must be ${kind} in [${min}, ${max}].`, { name, value: String(value) });
}

/** One of `choices`; `fallback` where it is left out, if there is one. */
export function checkChoice<T extends string>(
  name: string,
  value: T | undefined,
  choices: readonly T[],
  fallback?: T,
): T {
  const chosen = value === undefined ? fallback : value;
  if (chosen !== undefined && choices.includes(chosen)) return chosen;
  throw new InvalidArgumentError(`${name} must be one of ${choices.join(", ")}.`, { name, value: String(value) });
}

export function checkFlag(name: string, value: boolean | undefined): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new InvalidArgumentError(`${name} must be true or false.`, { name, value: String(value) });
}

/** INVALID_ARGUMENT for a field that nobody reads: a misspelt option must not be ignored. */
export function refuseUnknown(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new InvalidArgumentError(`${what} has no field ${name}.`, { name }, `Known: ${known.join(", ")}.`);
    }
  }
}
