import type { ToolSchema } from "../chat/language.ts";
import { GrammarInvalidError, InvalidArgumentError } from "../errors.ts";
import { fixedJson } from "./fixed-json.ts";
import { checkGrammarLimits } from "./limits.ts";
import { gbnfLiteral } from "./literals.ts";
import { readSchema } from "./read-schema.ts";
import { RuleBook } from "./rule-book.ts";
import { SchemaRules } from "./schema-rules.ts";

/**
 * GBNF for a turn that is exactly one call of one of `tools`, in the format that `parseToolCalls` reads:
 *
 *     <tool_call>\n{"name": "search", "arguments": {"query": "…"}}\n</tool_call>
 *
 * @throws InvalidArgumentError for no tools, or two of one name
 * @throws GrammarInvalidError for parameters that are not an object's schema or cannot be put into a grammar
 */
export function toolCallGrammar(tools: readonly ToolSchema[]): string {
  if (tools.length === 0) throw new InvalidArgumentError("a tool-call grammar needs at least one tool.");
  const names = new Set(tools.map(({ name }) => name));
  if (names.size < tools.length)
    throw new InvalidArgumentError("two tools have the same name.", { tools: tools.length });

  const book = new RuleBook("root");
  const rules = new SchemaRules(book);
  const calls = tools.map(({ name, parameters }) => {
    const node = readSchema(parameters);
    if (node.kind !== "object")
      throw new GrammarInvalidError(`the parameters of the tool ${name} are not of type object.`, { tool: name });
    return `${gbnfLiteral(`${fixedJson(name)}, "arguments": `)} ${rules.expression(node)}`;
  });
  const open = gbnfLiteral('<tool_call>\n{"name": ');
  const grammar = book.text("root", `${open} ${book.rule(calls.join(" | "))} ${gbnfLiteral("}\n</tool_call>")}`);
  checkGrammarLimits(grammar);
  return grammar;
}
