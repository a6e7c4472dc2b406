import { InvalidArgumentError } from "../errors.ts";
import type { GrammarTrigger } from "./engine.ts";
import { requireObjects } from "./require-objects.ts";
import { requireToken } from "./token-bias.ts";

/** Throws InvalidArgumentError for no trigger, or one that could never fire; see `Engine.setLazyGrammar`. */
export function checkTriggers(triggers: readonly GrammarTrigger[], nVocab: number): void {
  requireObjects("triggers", triggers);
  if (triggers.length === 0) throw new InvalidArgumentError("a lazy grammar needs at least one trigger.");
  for (const trigger of triggers) {
    const { type } = trigger;
    if (type === "token") requireToken(trigger.token, nVocab);
    else if (type === "word") requireText(trigger.text);
    else if (type === "pattern" || type === "pattern-full") requirePattern(trigger.source);
    else throw new InvalidArgumentError("a trigger of this type is not known.", { type: String(type) });
  }
}

function requireText(text: string): void {
  if (typeof text !== "string" || text === "") throw new InvalidArgumentError("a trigger's text is not empty.");
}

function requirePattern(source: string): void {
  requireText(source);
  try {
    new RegExp(source);
  } catch (cause) {
    throw new InvalidArgumentError("a trigger's pattern is a regular expression.", { source, cause: String(cause) });
  }
}
