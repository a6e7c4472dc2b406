import { digitRange, largestMagnitude } from "./digit-ranges.ts";
import type { RuleBook } from "./rule-book.ts";

/** The rules of JSON itself, in the spelling of `fixedJson`. Each is written when it is first asked for. */
export class JsonRules {
  readonly #book: RuleBook;

  constructor(book: RuleBook) {
    this.#book = book;
  }

  boolean(): string {
    return this.#book.rule('"true" | "false"');
  }

  /**
   * One code point of a string, raw or escaped. Escaped surrogates are left out: two of them are one code point, and
   * the lengths of a schema count code points.
   */
  char(): string {
    const hex = "[0-9a-fA-F]";
    const unicode = `"u" ([0-9a-cA-CeEfF] ${hex}{3} | [dD] [0-7] ${hex}{2})`;
    return this.#book.rule(`[^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | ${unicode})`);
  }

  string(): string {
    return this.#book.rule(`"\\"" ${this.char()}* "\\""`);
  }

  fraction(): string {
    return this.#book.rule('"." [0-9]{1,16}');
  }

  number(): string {
    // Two digits of exponent keep every number finite.
    const exponent = this.#book.rule("[eE] [-+]? [0-9]{1,2}");
    return this.#book.rule(`"-"? (${digitRange(0, largestMagnitude)}) ${this.fraction()}? ${exponent}?`);
  }

  object(): string {
    return this.#book.recursive("object", () => {
      const pair = this.#book.rule(`${this.string()} ": " ${this.value()}`);
      return `"{" (${pair} (", " ${pair})*)? "}"`;
    });
  }

  array(): string {
    return this.#book.recursive("array", () => {
      const value = this.value();
      return `"[" (${value} (", " ${value})*)? "]"`;
    });
  }

  value(): string {
    return this.#book.recursive("value", () =>
      [this.object(), this.array(), this.string(), this.number(), this.boolean(), '"null"'].join(" | "),
    );
  }
}
