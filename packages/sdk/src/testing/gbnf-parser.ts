import { GrammarInvalidError } from "../errors.ts";
import { grammarLimits } from "../grammar/limits.ts";
import type { GbnfExpression, GbnfRules } from "./gbnf-expression.ts";
import { type CodePointRange, complement, mergeRanges } from "./gbnf-ranges.ts";

/**
 * Parses GBNF as llama.cpp reads it, and refuses what that lets pass in silence: a rule defined twice, an empty
 * class, a range upside down, a repetition over the limit. Tokens (`<[1]>`) are not supported.
 *
 * @throws GrammarInvalidError with the position
 */
export function parseGbnf(text: string): GbnfRules {
  return new Parser(text).parse();
}

const anyCodePoint: readonly CodePointRange[] = [{ low: 0, high: 0x10ffff }];
const nameChar = /[a-zA-Z0-9-]/;
const simpleEscapes: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n" };
const hexEscapes: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class Parser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  /**
   * Names met and rules that llama.cpp would generate. It multiplies a repetition by those inside the repeated
   * group and refuses a large product.
   */
  #symbols = 0;
  readonly #names = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  parse(): GbnfRules {
    const rules = new Map<string, GbnfExpression>();
    this.#skipSpace(true);
    while (this.#position < this.#text.length) {
      const name = this.#name();
      this.#skipSpace(false);
      if (!this.#text.startsWith("::=", this.#position)) this.#refuse("expected ::=");
      this.#position += 3;
      this.#skipSpace(true);
      if (rules.has(name)) this.#refuse(`the rule ${name} is defined twice`);
      rules.set(name, this.#choice());
      const next = this.#text[this.#position];
      if (next !== undefined && next !== "\n" && next !== "\r") this.#refuse("expected the end of a rule");
      this.#skipSpace(true);
    }
    if (!rules.has("root")) this.#refuse("there is no rule named root");
    for (const name of this.#names) if (!rules.has(name)) this.#refuse(`the rule ${name} is not defined`);
    return rules;
  }

  #choice(): GbnfExpression {
    const options = [this.#sequence()];
    while (this.#text[this.#position] === "|") {
      this.#position++;
      this.#skipSpace(true);
      options.push(this.#sequence());
    }
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  #sequence(): GbnfExpression {
    const items: GbnfExpression[] = [];
    for (;;) {
      const symbolsBefore = this.#symbols;
      const item = this.#item();
      if (item === undefined) break;
      this.#skipSpace(this.#depth > 0);
      // Only a group counts for the rules inside it; the names that stand alone count once.
      const ruleCount = item.isGroup ? Math.max(1, this.#symbols - symbolsBefore) : 1;
      items.push(this.#repetitions(item.expression, ruleCount));
    }
    return items.length === 1 ? items[0]! : { kind: "sequence", items };
  }

  #item(): { expression: GbnfExpression; isGroup: boolean } | undefined {
    const char = this.#text[this.#position];
    if (char === undefined) return undefined;
    if (char === "(") return { expression: this.#group(), isGroup: true };
    if (char === '"') return { expression: this.#literal(), isGroup: false };
    if (char === "[") return { expression: this.#class(), isGroup: false };
    if (char === ".") {
      this.#position++;
      return { expression: { kind: "class", ranges: anyCodePoint }, isGroup: false };
    }
    if (nameChar.test(char)) {
      const name = this.#name();
      return { expression: { kind: "reference", name }, isGroup: false };
    }
    return undefined;
  }

  #group(): GbnfExpression {
    this.#depth++;
    if (this.#depth > grammarLimits.nesting) this.#refuse(`groups are nested deeper than ${grammarLimits.nesting}`);
    this.#position++;
    this.#symbols++;
    this.#skipSpace(true);
    const expression = this.#choice();
    if (this.#text[this.#position] !== ")") this.#refuse("expected )");
    this.#position++;
    this.#depth--;
    return expression;
  }

  #repetitions(item: GbnfExpression, ruleCount: number): GbnfExpression {
    let expression = item;
    let product = ruleCount;
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === undefined) return expression;
      const { least, most } = bounds;
      if (expression.kind === "literal" && expression.codePoints.length === 0) this.#refuse("nothing is repeated");
      if (most < least) this.#refuse("a repetition ends before it begins");
      product *= Math.max(1, most === Number.POSITIVE_INFINITY ? least : most);
      if (product > grammarLimits.repetitions) this.#refuse("a repetition is too large");
      this.#symbols += most === Number.POSITIVE_INFINITY ? 1 : most - least;
      expression = { kind: "repeat", item: expression, least, most };
      this.#skipSpace(this.#depth > 0);
    }
  }

  #bounds(): { least: number; most: number } | undefined {
    const char = this.#text[this.#position];
    const simple = char === "*" ? [0, Infinity] : char === "+" ? [1, Infinity] : char === "?" ? [0, 1] : undefined;
    if (simple !== undefined) {
      this.#position++;
      return { least: simple[0]!, most: simple[1]! };
    }
    if (char !== "{") return undefined;
    const match = /\{[ \t]*(\d{1,10})[ \t]*(?:(,)[ \t]*(\d{1,10})?[ \t]*)?\}/y;
    match.lastIndex = this.#position;
    const found = match.exec(this.#text);
    if (found === null) return this.#refuse("expected a repetition such as {1,3}");
    this.#position = match.lastIndex;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]);
    return { least, most };
  }

  #literal(): GbnfExpression {
    const codePoints: number[] = [];
    this.#position++;
    while (this.#text[this.#position] !== '"') codePoints.push(this.#char());
    this.#position++;
    return { kind: "literal", codePoints };
  }

  #class(): GbnfExpression {
    this.#position++;
    const isNegated = this.#text[this.#position] === "^";
    if (isNegated) this.#position++;
    const ranges: CodePointRange[] = [];
    while (this.#text[this.#position] !== "]") {
      const low = this.#char();
      const isRange = this.#text[this.#position] === "-" && this.#text[this.#position + 1] !== "]";
      if (isRange) this.#position++;
      const high = isRange ? this.#char() : low;
      if (high < low) this.#refuse("a range is upside down");
      ranges.push({ low, high });
    }
    if (ranges.length === 0) this.#refuse("a character class is empty");
    this.#position++;
    const merged = mergeRanges(ranges);
    return { kind: "class", ranges: isNegated ? complement(merged) : merged };
  }

  #char(): number {
    const codePoint = this.#text.codePointAt(this.#position);
    if (codePoint === undefined) return this.#refuse("the text ends inside a literal or a class");
    this.#position += codePoint > 0xffff ? 2 : 1;
    return codePoint === 0x5c ? this.#escape() : codePoint;
  }

  #escape(): number {
    const letter = this.#text[this.#position] ?? "";
    this.#position++;
    const digits = hexEscapes[letter];
    if (digits !== undefined) {
      const hex = this.#text.slice(this.#position, this.#position + digits);
      const codePoint = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Infinity;
      if (codePoint > 0x10ffff) this.#refuse(`expected ${digits} hexadecimal digits of a code point`);
      this.#position += digits;
      return codePoint;
    }
    if (!/[trn\\"[\]-]/.test(letter)) this.#refuse("an escape is unknown");
    return (simpleEscapes[letter] ?? letter).charCodeAt(0);
  }

  #name(): string {
    const start = this.#position;
    while (nameChar.test(this.#text[this.#position] ?? "")) this.#position++;
    if (this.#position === start) this.#refuse("expected a name");
    const name = this.#text.slice(start, this.#position);
    if (!this.#names.has(name)) {
      this.#names.add(name);
      this.#symbols++;
    }
    return name;
  }

  #skipSpace(acrossLines: boolean): void {
    const space = acrossLines ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y;
    space.lastIndex = this.#position;
    space.exec(this.#text);
    this.#position = space.lastIndex;
  }

  #refuse(reason: string): never {
    throw new GrammarInvalidError(`${reason} (at ${this.#position}).`, { position: this.#position });
  }
}
