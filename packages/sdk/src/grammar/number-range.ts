import { GrammarInvalidError } from "../errors.ts";
import { digitRange, largestMagnitude } from "./digit-ranges.ts";
import type { JsonRules } from "./json-rules.ts";
import type { SchemaNode } from "./schema-node.ts";

type NumberNode = Extract<SchemaNode, { kind: "number" }>;

/**
 * GBNF for the numbers of a node. Bounds are met digit by digit, so those of a non-integer must be integers, and
 * its bounded numbers have no exponent.
 *
 * @throws GrammarInvalidError for bounds that cannot be met
 */
export function numberRange(node: NumberNode, json: JsonRules): string {
  const { isInteger, minimum, maximum } = node;
  if (!isInteger && minimum === undefined && maximum === undefined) return json.number();

  const low = Math.max(isInteger ? Math.ceil(minimum ?? -Infinity) : (minimum ?? -Infinity), -largestMagnitude);
  const high = Math.min(isInteger ? Math.floor(maximum ?? Infinity) : (maximum ?? Infinity), largestMagnitude);
  if (low > high) refuse("lie beyond 15 digits", node);
  if (!Number.isInteger(low) || !Number.isInteger(high)) refuse("are not whole numbers", node);

  const magnitudes = isInteger ? digitRange : (from: number, to: number) => decimalRange(from, to, json);
  const options: string[] = [];
  // Whole numbers have one spelling of zero; -0.5 needs a zero behind its sign.
  const smallestNegated = Math.max(-high, isInteger ? 1 : 0);
  if (low < 0) options.push(`"-" (${magnitudes(smallestNegated, -low)})`);
  if (high >= 0) options.push(magnitudes(Math.max(low, 0), high));
  return options.join(" | ");
}

function decimalRange(low: number, high: number, json: JsonRules): string {
  if (low === high) return `"${high}"`;
  return `(${digitRange(low, high - 1)}) ${json.fraction()}? | "${high}"`;
}

function refuse(reason: string, { minimum, maximum }: NumberNode): never {
  throw new GrammarInvalidError(`the bounds ${minimum ?? "-∞"} to ${maximum ?? "∞"} ${reason}.`, { minimum, maximum });
}
