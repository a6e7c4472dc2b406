import { GrammarInvalidError } from "../errors.ts";
import type { GbnfExpression, GbnfRules } from "./gbnf-expression.ts";

/**
 * Refuses a grammar in which a rule can come back to itself before it has read a character, directly, through other
 * rules, or because what stands before can be empty. Following such a rule would never end. `(a*)*` is one of them.
 *
 * @throws GrammarInvalidError
 * @remarks No recursion over rules: a chain of 50,000 rules is fine.
 */
export function refuseLeftRecursion(rules: GbnfRules): void {
  const nullable = nullableRules(rules);
  const edges = new Map<string, ReadonlySet<string>>();
  for (const [name, body] of rules) {
    refuseEmptyLoops(body, nullable);
    edges.set(name, leftEdges(body, nullable));
  }

  // Kahn's topological sort: what is left over when no rule is free of arrivals lies on or behind a cycle.
  const arrivals = new Map<string, number>([...rules.keys()].map((name) => [name, 0]));
  for (const targets of edges.values()) for (const target of targets) arrivals.set(target, arrivals.get(target)! + 1);
  const free = [...rules.keys()].filter((name) => arrivals.get(name) === 0);
  for (const name of free)
    for (const target of edges.get(name)!) {
      const rest = arrivals.get(target)! - 1;
      arrivals.set(target, rest);
      if (rest === 0) free.push(target);
    }
  if (free.length === rules.size) return;
  const sorted = new Set(free);
  const rule = [...rules.keys()].find((name) => !sorted.has(name))!;
  throw new GrammarInvalidError(`left recursion in or before the rule ${rule}.`, { rule });
}

/** Names of the rules that can match nothing, as a least fixed point. */
function nullableRules(rules: GbnfRules): ReadonlySet<string> {
  const users = new Map<string, string[]>();
  for (const [name, body] of rules)
    for (const reference of references(body)) {
      const list = users.get(reference);
      if (list === undefined) users.set(reference, [name]);
      else list.push(name);
    }
  const nullable = new Set<string>();
  const queue = [...rules.keys()];
  for (const name of queue) {
    if (nullable.has(name) || !canBeEmpty(rules.get(name)!, nullable)) continue;
    nullable.add(name);
    for (const user of users.get(name) ?? []) queue.push(user);
  }
  return nullable;
}

function* references(expression: GbnfExpression): Generator<string> {
  if (expression.kind === "reference") yield expression.name;
  else if (expression.kind === "repeat") yield* references(expression.item);
  else if (expression.kind === "sequence") for (const item of expression.items) yield* references(item);
  else if (expression.kind === "choice") for (const option of expression.options) yield* references(option);
}

function canBeEmpty(expression: GbnfExpression, nullable: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case "literal":
      return expression.codePoints.length === 0;
    case "class":
      return false;
    case "reference":
      return nullable.has(expression.name);
    case "repeat":
      return expression.least === 0 || canBeEmpty(expression.item, nullable);
    case "sequence":
      return expression.items.every((item) => canBeEmpty(item, nullable));
    case "choice":
      return expression.options.some((option) => canBeEmpty(option, nullable));
  }
}

/** The rules that can be entered before a character is read. */
function leftEdges(body: GbnfExpression, nullable: ReadonlySet<string>): ReadonlySet<string> {
  const edges = new Set<string>();
  const visit = (expression: GbnfExpression): void => {
    if (expression.kind === "reference") edges.add(expression.name);
    else if (expression.kind === "repeat" && expression.most > 0) visit(expression.item);
    else if (expression.kind === "choice") for (const option of expression.options) visit(option);
    else if (expression.kind === "sequence")
      for (const item of expression.items) {
        visit(item);
        if (!canBeEmpty(item, nullable)) return;
      }
  };
  visit(body);
  return edges;
}

function refuseEmptyLoops(expression: GbnfExpression, nullable: ReadonlySet<string>): void {
  if (expression.kind === "repeat") {
    if (expression.most === Number.POSITIVE_INFINITY && canBeEmpty(expression.item, nullable))
      throw new GrammarInvalidError("something that can be empty is repeated without end.");
    refuseEmptyLoops(expression.item, nullable);
  } else if (expression.kind === "sequence") for (const item of expression.items) refuseEmptyLoops(item, nullable);
  else if (expression.kind === "choice") for (const option of expression.options) refuseEmptyLoops(option, nullable);
}
