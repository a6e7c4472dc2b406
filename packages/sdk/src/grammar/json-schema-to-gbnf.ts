import type { JsonSchema } from "../chat/language.ts";
import { InvalidArgumentError } from "../errors.ts";
import { checkGrammarLimits } from "./limits.ts";
import { readSchema } from "./read-schema.ts";
import { RuleBook } from "./rule-book.ts";
import { SchemaRules } from "./schema-rules.ts";

/**
 * GBNF for the JSON values that a schema describes, in one fixed spelling (see `fixedJson`).
 *
 * It may be narrower than the schema, never wider: properties come in declared order, numbers have at most 15
 * digits before the point, and a schema with `properties` yields no others.
 *
 * @param options.name - the rule that stands for the schema, default `root`. All other rules begin with it, so that
 * texts for several schemas can be put behind a root rule of the caller's.
 * @throws GrammarInvalidError for a schema that is unsound, unsupported or over the limits
 * @remarks Cost: O(schema). A bounded length n costs llama.cpp n rules: the sum of all bounds is limited.
 */
export function jsonSchemaToGbnf(schema: JsonSchema, options: { name?: string } = {}): string {
  const name = options.name ?? "root";
  if (!/^[a-zA-Z][a-zA-Z0-9-]*$/.test(name))
    throw new InvalidArgumentError(`a rule cannot be named ${JSON.stringify(name)}.`, { name });
  const book = new RuleBook(name);
  const grammar = book.text(name, new SchemaRules(book).expression(readSchema(schema)));
  // The text of a named part gets its root from the caller.
  checkGrammarLimits(name === "root" ? grammar : `root ::= ${name}\n${grammar}`);
  return grammar;
}
