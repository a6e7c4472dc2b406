import { modelInvalid, type Refusal } from "../refusal.ts";

/** Looks at one thing and says what is wrong with it, if anything. */
export type Rule<Subject> = (subject: Subject) => Refusal | undefined;

/** Rules by their stable names, in the order in which they are asked: a later one may rely on those before it. */
export type Rules<Subject> = Readonly<Record<string, Rule<Subject>>>;

/** @throws ModelError MODEL_INVALID for the first rule that is broken. */
export function checkRules<Subject>(path: string, rules: Rules<Subject>, subject: Subject): void {
  for (const [name, rule] of Object.entries(rules)) {
    const refusal = rule(subject);
    if (refusal) throw modelInvalid(path, name, refusal);
  }
}
