import { gbnfLiteral } from "./literals.ts";
import type { RuleBook } from "./rule-book.ts";

export interface Member {
  /** The quoted name with its colon, such as `"city": `. */
  key: string;
  /** An atom of GBNF. */
  value: string;
  isRequired: boolean;
}

/**
 * The members of an object in declared order, with commas only between those that are there.
 *
 *     a?, b, c?      first member   a  then  ", b" (", c")?
 *                                   b  then        (", c")?
 *
 * Which member comes first decides who brings a comma, so there is one alternative for each that can be first: the
 * optional ones up to the first required one. What follows them is shared, so the size stays linear.
 */
export function objectMembers(members: readonly Member[], book: RuleBook): string {
  const firstRequired = members.findIndex(({ isRequired }) => isRequired);
  const lastFirst = firstRequired === -1 ? members.length - 1 : firstRequired;

  const alternatives: string[] = [];
  let following = members
    .slice(lastFirst + 1)
    .map((member) => furtherMember(member, book))
    .join(" ");
  for (let index = lastFirst; index >= 0; index--) {
    const member = members[index]!;
    alternatives.unshift(joined(gbnfLiteral(member.key), member.value, following));
    const further = joined(furtherMember(member, book), following);
    following = index === 0 ? "" : book.rule(further);
  }

  if (alternatives.length === 1 && firstRequired !== -1) return alternatives[0]!;
  const choice = book.rule(alternatives.join(" | "));
  return firstRequired === -1 ? `${choice}?` : choice;
}

function furtherMember({ key, value, isRequired }: Member, book: RuleBook): string {
  const member = `${gbnfLiteral(`, ${key}`)} ${value}`;
  return isRequired ? member : `${book.rule(member)}?`;
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
