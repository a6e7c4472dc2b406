/**
 * The rules of a grammar in the making. Each rule's name begins with a prefix of its own, so that grammars made
 * apart can be put together, and equal bodies share one rule.
 */
export class RuleBook {
  readonly #prefix: string;
  readonly #names = new Map<string, string>();
  readonly #lines: string[] = [];

  /** @param prefix - of letters, digits and hyphens */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The name of a rule with this body. */
  rule(body: string): string {
    let name = this.#names.get(body);
    if (name === undefined) {
      name = `${this.#prefix}-${this.#names.size}`;
      this.#names.set(body, name);
      this.#lines.push(`${name} ::= ${body}`);
    }
    return name;
  }

  /** The name of a rule known by a word, which may speak of itself. The body is made once, on first use. */
  recursive(word: string, makeBody: (name: string) => string): string {
    const name = `${this.#prefix}-${word}`;
    if (!this.#names.has(word)) {
      this.#names.set(word, name);
      this.#lines.push(`${name} ::= ${makeBody(name)}`);
    }
    return name;
  }

  /** GBNF text, `name ::= body` first. */
  text(name: string, body: string): string {
    return [`${name} ::= ${body}`, ...this.#lines, ""].join("\n");
  }
}
