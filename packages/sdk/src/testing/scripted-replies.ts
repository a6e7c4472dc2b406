import type { Token } from "../backend/ids.ts";
import type { SimulatedScript } from "./simulated-engine.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

/**
 * A script that answers each model turn with a text of its own choice. `reply` sees the conversation as text, up to
 * the opening of the turn that it is to write; undefined leaves the turn to the hash.
 */
export function scriptedReplies(reply: (conversation: string) => string | undefined): SimulatedScript {
  const vocabulary = createSimulatedVocabulary();
  const opening = "<|im_start|>assistant\n";
  const stop = vocabulary.tokenize("<|im_end|>", true)[0] as Token;
  const cache = new Map<string, readonly Token[] | undefined>();
  return (path) => {
    const bytes = path.flatMap((token) => [...vocabulary.bytes(token, true)]);
    const text = new TextDecoder().decode(Uint8Array.from(bytes));
    const turnStart = text.lastIndexOf(opening) + opening.length;
    const conversation = text.slice(0, turnStart);
    if (!cache.has(conversation)) {
      const answer = reply(conversation);
      cache.set(conversation, answer === undefined ? undefined : [...vocabulary.tokenize(answer, true), stop]);
    }
    const tokens = cache.get(conversation);
    const written = vocabulary.tokenize(text.slice(turnStart), true);
    const agrees = tokens !== undefined && written.every((token, i) => tokens[i] === token);
    return agrees ? tokens[written.length] : undefined;
  };
}
