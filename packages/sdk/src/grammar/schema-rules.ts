import { GrammarInvalidError } from "../errors.ts";
import { fixedJson } from "./fixed-json.ts";
import { JsonRules } from "./json-rules.ts";
import { grammarLimits } from "./limits.ts";
import { gbnfLiteral, oneOf } from "./literals.ts";
import { numberRange } from "./number-range.ts";
import { objectMembers } from "./object-members.ts";
import type { RuleBook } from "./rule-book.ts";
import type { SchemaNode } from "./schema-node.ts";

// llama.cpp makes a rule of every optional repetition, and copies all rules when a branch forks.
const boundedRepetitionsMax = 16_384;

type NodeOf<Kind extends SchemaNode["kind"]> = Extract<SchemaNode, { kind: Kind }>;

/** Writes the rules of schema nodes into a rule book. Every expression is one atom: a literal or a rule's name. */
export class SchemaRules {
  readonly #book: RuleBook;
  readonly #json: JsonRules;
  #repetitions = 0;

  constructor(book: RuleBook) {
    this.#book = book;
    this.#json = new JsonRules(book);
  }

  expression(node: SchemaNode): string {
    switch (node.kind) {
      case "any":
        return this.#json.value();
      case "null":
        return gbnfLiteral("null");
      case "boolean":
        return this.#json.boolean();
      case "number":
        return this.#book.rule(numberRange(node, this.#json));
      case "string":
        return this.#string(node);
      case "enum":
        return this.#book.rule(oneOf(node.values.map(fixedJson)));
      case "union":
        return this.#book.rule(node.options.map((option) => this.expression(option)).join(" | "));
      case "array":
        return this.#array(node);
      case "object":
        return this.#object(node);
    }
  }

  #string({ minLength, maxLength }: NodeOf<"string">): string {
    const chars = this.#repeat(this.#json.char(), minLength, maxLength);
    return this.#book.rule(`"\\"" ${chars} "\\""`);
  }

  #array({ items, minItems, maxItems }: NodeOf<"array">): string {
    if (maxItems === 0) return gbnfLiteral("[]");
    const item = this.expression(items);
    const furtherItem = this.#book.rule(`", " ${item}`);
    // A rule of its own: llama.cpp multiplies a repetition by the rules inside the group that it repeats.
    const list = this.#book.rule(`${item} ${this.#repeat(furtherItem, Math.max(minItems - 1, 0), maxItems - 1)}`);
    return this.#book.rule(`"[" ${list}${minItems === 0 ? "?" : ""} "]"`);
  }

  #object({ properties, allowsOthers }: NodeOf<"object">): string {
    if (properties.length === 0) return allowsOthers ? this.#json.object() : gbnfLiteral("{}");
    const members = properties.map(({ name, node, isRequired }) => ({
      key: `${fixedJson(name)}: `,
      value: this.expression(node),
      isRequired,
    }));
    return this.#book.rule(`"{" ${objectMembers(members, this.#book)} "}"`);
  }

  #repeat(atom: string, least: number, most: number): string {
    const highest = most === Number.POSITIVE_INFINITY ? least : most;
    this.#repetitions += highest;
    if (highest > grammarLimits.repetitions || this.#repetitions > boundedRepetitionsMax)
      throw new GrammarInvalidError(
        `a length of ${highest} is more than a grammar can count: at most ${grammarLimits.repetitions} each, ` +
          `${boundedRepetitionsMax} in all.`,
        { length: highest },
      );
    if (most === Number.POSITIVE_INFINITY) return least === 0 ? `${atom}*` : `${atom}{${least},}`;
    if (most === 0) return "";
    return least === most ? `${atom}{${most}}` : `${atom}{${least},${most}}`;
  }
}
