import type { Token } from "../backend/ids.ts";
import type { SimulatedScript } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

/**
 * A script that answers each model turn with a text of its own choice. `reply` sees the conversation as text, up to
 * the opening of the turn that it is to write; undefined leaves the turn to the hash. It is asked once per turn.
 */
export function scriptedReplies(reply: (conversation: string) => string | undefined): SimulatedScript {
  const vocabulary = createSimulatedVocabulary();
  const opening = vocabulary.tokenize("<|im_start|>assistant\n", true);
  const stop = vocabulary.tokenize("<|im_end|>", true)[0] as Token;
  const answers = new Map<string, readonly Token[] | undefined>();

  const answerTo = (conversation: readonly Token[]) => {
    const bytes = conversation.flatMap((token) => [...vocabulary.bytes(token, true)]);
    const answer = reply(new TextDecoder().decode(Uint8Array.from(bytes)));
    return answer === undefined ? undefined : [...vocabulary.tokenize(answer, true), stop];
  };
  return (path) => {
    const turnStart = endOfLast(opening, path);
    // The same conversation is not decoded again for each token of its turn.
    const key = pathKey(path, turnStart);
    if (!answers.has(key)) answers.set(key, answerTo(path.slice(0, turnStart)));
    const answer = answers.get(key);
    if (!answer) return undefined;
    for (let at = turnStart; at < path.length; at++) if (path[at] !== answer[at - turnStart]) return undefined;
    return answer[path.length - turnStart];
  };
}

/** Tells the first `length` tokens of paths apart: two independent hashes of 32 bits, and the length. */
function pathKey(path: readonly Token[], length: number): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b1;
  for (let at = 0; at < length; at++) {
    a = Math.imul(a ^ (path[at] as Token), 0x01000193);
    b = Math.imul(b ^ (path[at] as Token), 0x85ebca6b) + at;
  }
  return `${length}:${a}:${b | 0}`;
}

/** Where the last occurrence of `part` in `path` ends; 0 where there is none. */
function endOfLast(part: readonly Token[], path: readonly Token[]): number {
  for (let start = path.length - part.length; start >= 0; start--)
    if (part.every((token, i) => path[start + i] === token)) return start + part.length;
  return 0;
}
