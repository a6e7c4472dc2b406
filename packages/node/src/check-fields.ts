import { InvalidArgumentError } from "@lloyal-labs/sdk";

/** One numeric field: its default and what it may be, in words that go into the error. */
export interface NumberField {
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
    const value = given[name] ?? field.fallback;
    const fits = typeof value === "number" && value >= field.min && value <= field.max;
    if (!fits || (field.integer && !Number.isInteger(value))) {
      const kind = field.integer ? "an integer" : "a number";
      throw new InvalidArgumentError(`${name} must be ${kind} in [${field.min}, ${field.max}].`, {
        value: String(value),
      });
    }
    out[name] = value;
  }
  return out;
}

/** INVALID_ARGUMENT for a field that nobody reads: a misspelt option must not be ignored. */
export function refuseUnknown(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new InvalidArgumentError(`${what} has no field ${name}.`, { name }, `Known: ${known.join(", ")}.`);
    }
  }
}
