import type { Branch, Token } from "@lloyal-labs/sdk";
import { type Operation, until } from "effection";
import { Store } from "../contexts.ts";

/** A branch that is to answer. */
export interface Prompted {
  branch: Branch;
  /** What to append before the answer, the opening of the model's turn included; shape [n], n >= 1. */
  tokens: readonly Token[];
  /** GBNF for the whole answer. */
  grammar?: string;
  tokensMax: number;
  onText?: (text: string) => void;
}

export interface Response {
  text: string;
  tokenCount: number;
  /** False when `tokensMax` cut the answer, or its branch was pruned meanwhile. */
  complete: boolean;
}

/**
 * Lets many branches answer at once: one prefill for all prompts, then one decode per tick for all that still
 * write. The branches stay at the end of their answers, so that a follow-up can be appended.
 */
export function* respond(prompted: readonly Prompted[]): Operation<Response[]> {
  const store = yield* Store.expect();
  yield* until(store.prefill(prompted.map(({ branch, tokens }) => [branch, tokens] as const)));
  for (const { branch, grammar } of prompted) branch.setGrammar(grammar);

  const responses = prompted.map((): Response => ({ text: "", tokenCount: 0, complete: false }));
  let writing = prompted.map((prompt, i) => ({
    ...prompt,
    response: responses[i] as Response,
    next: prompt.branch.produceSync(),
  }));
  for (;;) {
    for (const { next, response } of writing) response.complete = next.isStop;
    writing = writing.filter(
      ({ branch, next, response, tokensMax }) => !branch.disposed && !next.isStop && response.tokenCount < tokensMax,
    );
    if (writing.length === 0) return responses;
    const produced = yield* until(store.step(writing.map(({ branch, next }) => [branch, next.token] as const)));
    writing = writing.flatMap((writer, i) => {
      const next = produced[i];
      if (!next) return []; // pruned while it was decoded
      writer.response.text += writer.next.text;
      writer.response.tokenCount += 1;
      writer.onText?.(writer.next.text);
      return [{ ...writer, next }];
    });
  }
}
