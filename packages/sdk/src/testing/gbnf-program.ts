import { GrammarInvalidError } from "../errors.ts";
import type { GbnfExpression, GbnfRules } from "./gbnf-expression.ts";
import type { CodePointRange } from "./gbnf-ranges.ts";

/**
 * A grammar as a graph to walk: one entry per rule, one exit for all. Repetitions are written out.
 *
 *     x ::= "a" y?      read a ── fork ─┬─ call y ── exit
 *                                       └─ exit
 */
export type ProgramNode =
  | { kind: "read"; id: number; ranges: readonly CodePointRange[]; next: ProgramNode }
  | { kind: "fork"; id: number; to: ProgramNode[] }
  | { kind: "call"; id: number; rule: string; next: ProgramNode }
  | { kind: "exit"; id: number };

export type GbnfProgram = ReadonlyMap<string, ProgramNode>;

const nodesMax = 4_000_000;

export function compileProgram(rules: GbnfRules): GbnfProgram {
  const compiler = new ProgramCompiler();
  return new Map([...rules].map(([name, body]) => [name, compiler.compile(body, compiler.exit)]));
}

/** Every part is compiled with what comes after it at hand, so the graph is built from its end. */
class ProgramCompiler {
  readonly exit: ProgramNode = { kind: "exit", id: 0 };
  #nodes = 1;

  compile(expression: GbnfExpression, next: ProgramNode): ProgramNode {
    switch (expression.kind) {
      case "literal":
        return expression.codePoints.reduceRight<ProgramNode>(
          (after, codePoint) => this.#read([{ low: codePoint, high: codePoint }], after),
          next,
        );
      case "class":
        return this.#read(expression.ranges, next);
      case "reference":
        return { kind: "call", id: this.#id(), rule: expression.name, next };
      case "sequence":
        return expression.items.reduceRight((after, item) => this.compile(item, after), next);
      case "choice":
        return { kind: "fork", id: this.#id(), to: expression.options.map((option) => this.compile(option, next)) };
      case "repeat":
        return this.#repeat(expression, next);
    }
  }

  #repeat({ item, least, most }: Extract<GbnfExpression, { kind: "repeat" }>, next: ProgramNode): ProgramNode {
    let node = next;
    if (most === Number.POSITIVE_INFINITY) {
      const loop: ProgramNode = { kind: "fork", id: this.#id(), to: [next] };
      loop.to.unshift(this.compile(item, loop));
      node = loop;
    } else
      for (let i = least; i < most; i++) node = { kind: "fork", id: this.#id(), to: [this.compile(item, node), next] };
    for (let i = 0; i < least; i++) node = this.compile(item, node);
    return node;
  }

  #read(ranges: readonly CodePointRange[], next: ProgramNode): ProgramNode {
    return { kind: "read", id: this.#id(), ranges, next };
  }

  #id(): number {
    if (this.#nodes >= nodesMax)
      throw new GrammarInvalidError("a grammar is too large once repetitions are written out.");
    return this.#nodes++;
  }
}
