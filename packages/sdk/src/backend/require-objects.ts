import { InvalidArgumentError } from "../errors.ts";
import type { Token } from "./ids.ts";

/** Throws InvalidArgumentError for what is no list, or holds something that has no fields. */
export function requireObjects(what: string, list: readonly unknown[]): void {
  if (!Array.isArray(list) || list.some((each) => typeof each !== "object" || each === null))
    throw new InvalidArgumentError(`${what} are a list of objects.`);
}

/** Throws InvalidArgumentError for what is no list. Which tokens there are is for the engine to say. */
export function requireTokens(tokens: readonly Token[]): void {
  if (!Array.isArray(tokens) && !ArrayBuffer.isView(tokens)) throw new InvalidArgumentError("tokens are a list.");
}

/** Throws InvalidArgumentError for what is no list of lists: entries of a branch and what it is given. */
export function requirePairs(entries: readonly (readonly unknown[])[]): void {
  if (!Array.isArray(entries) || !entries.every(Array.isArray))
    throw new InvalidArgumentError("entries are a list of pairs, of a branch and what it is given.");
}
