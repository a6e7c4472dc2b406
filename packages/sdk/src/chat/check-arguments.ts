import { readSchema } from "../grammar/read-schema.ts";
import type { SchemaNode } from "../grammar/schema-node.ts";
import type { JsonSchema } from "./language.ts";

export type ArgumentCheck = { ok: true } | { ok: false; problems: string[] };

// A model gets these to correct itself by: more than a few are tokens without use.
const problemsMax = 8;

/**
 * Whether `args` satisfies a tool's schema, with what is wrong in words for the model.
 *
 * @param args - parsed JSON, untrusted
 * @throws GrammarInvalidError when the schema itself is unsound or unsupported, which is the tool author's mistake
 * @remarks Cost: O(args). The depth is that of the schema, so at most 64.
 */
export function checkArguments(schema: JsonSchema, args: unknown): ArgumentCheck {
  const problems: string[] = [];
  for (const problem of problemsOf(readSchema(schema), args, "arguments")) {
    if (problems.length === problemsMax) break;
    problems.push(problem);
  }
  return problems.length === 0 ? { ok: true } : { ok: false, problems };
}

function* problemsOf(node: SchemaNode, value: unknown, path: string): Generator<string> {
  switch (node.kind) {
    case "any":
      return;
    case "null":
      if (value !== null) yield `${path} must be null.`;
      return;
    case "boolean":
      if (typeof value !== "boolean") yield `${path} must be true or false.`;
      return;
    case "enum":
      if (!node.values.some((allowed) => allowed === value)) yield `${path} must be ${listed(node.values)}.`;
      return;
    case "union":
      if (!node.options.some((option) => problemsOf(option, value, path).next().done))
        yield `${path} fits none of its ${node.options.length} alternatives.`;
      return;
    case "number":
      yield* numberProblems(node, value, path);
      return;
    case "string":
      yield* stringProblems(node, value, path);
      return;
    case "array":
      yield* arrayProblems(node, value, path);
      return;
    case "object":
      yield* objectProblems(node, value, path);
  }
}

type NodeOf<Kind extends SchemaNode["kind"]> = Extract<SchemaNode, { kind: Kind }>;

function* numberProblems(
  { isInteger, minimum, maximum }: NodeOf<"number">,
  value: unknown,
  path: string,
): Generator<string> {
  if (typeof value !== "number" || !Number.isFinite(value) || (isInteger && !Number.isInteger(value)))
    return yield `${path} must be ${isInteger ? "an integer" : "a number"}.`;
  if (minimum !== undefined && value < minimum) yield `${path} must be at least ${minimum}.`;
  if (maximum !== undefined && value > maximum) yield `${path} must be at most ${maximum}.`;
}

function* stringProblems({ minLength, maxLength }: NodeOf<"string">, value: unknown, path: string): Generator<string> {
  if (typeof value !== "string") return yield `${path} must be a string.`;
  if (minLength === 0 && maxLength === Number.POSITIVE_INFINITY) return;
  let length = 0;
  for (const _ of value) length++;
  if (length < minLength) yield `${path} must have at least ${minLength} characters.`;
  if (length > maxLength) yield `${path} must have at most ${maxLength} characters.`;
}

function* arrayProblems(
  { items, minItems, maxItems }: NodeOf<"array">,
  value: unknown,
  path: string,
): Generator<string> {
  if (!Array.isArray(value)) return yield `${path} must be a list.`;
  if (value.length < minItems) yield `${path} must have at least ${minItems} items.`;
  if (value.length > maxItems) yield `${path} must have at most ${maxItems} items.`;
  for (let index = 0; index < value.length; index++) yield* problemsOf(items, value[index], `${path}[${index}]`);
}

// Own properties only: a value inherited from Object.prototype is not an argument, whatever its name.
function* objectProblems(
  { properties, allowsOthers }: NodeOf<"object">,
  value: unknown,
  path: string,
): Generator<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return yield `${path} must be an object.`;
  for (const { name, node, isRequired } of properties) {
    if (Object.hasOwn(value, name))
      yield* problemsOf(node, (value as Record<string, unknown>)[name], `${path}.${name}`);
    else if (isRequired) yield `${path}.${name} is missing.`;
  }
  if (allowsOthers) return;
  const known = new Set(properties.map(({ name }) => name));
  for (const name of Object.keys(value)) if (!known.has(name)) yield `${path}.${short(name)} is not known.`;
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, 10).map((value) => short(JSON.stringify(value)));
  if (values.length > shown.length) shown.push("…");
  return shown.length === 1 ? shown[0]! : `one of ${shown.join(", ")}`;
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
