import type { CodePointRange } from "./gbnf-ranges.ts";

export type GbnfExpression =
  | { kind: "literal"; codePoints: readonly number[] }
  /** Sorted, without overlap; a negated class is already turned round. */
  | { kind: "class"; ranges: readonly CodePointRange[] }
  | { kind: "reference"; name: string }
  | { kind: "sequence"; items: readonly GbnfExpression[] }
  | { kind: "choice"; options: readonly GbnfExpression[] }
  /** `most` may be Infinity. */
  | { kind: "repeat"; item: GbnfExpression; least: number; most: number };

export type GbnfRules = ReadonlyMap<string, GbnfExpression>;
