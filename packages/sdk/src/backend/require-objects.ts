import { InvalidArgumentError } from "../errors.ts";

/** Throws InvalidArgumentError for what is no list, or holds something that has no fields. */
export function requireObjects(what: string, list: readonly unknown[]): void {
  if (!Array.isArray(list) || list.some((each) => typeof each !== "object" || each === null))
    throw new InvalidArgumentError(`${what} are a list of objects.`);
}
