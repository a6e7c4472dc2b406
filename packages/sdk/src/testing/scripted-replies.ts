import type { Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { detokenize } from "../chat/detokenize.ts";
import type { Cell, SimulatedScript } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

/** What a model turn says: a text and then the end of the turn, a text over and over without an end, or whatever the hash gives. */
export type ScriptedReply = string | { endless: string } | undefined;

interface Answer {
  readonly tokens: readonly Token[];
  readonly isEndless: boolean;
}

/**
 * A script that answers each model turn with a text of its own choice. `reply` sees the conversation as text, up to
 * the opening of the turn that it is to write. It is asked once for all forks of one opening. A turn that was led
 * elsewhere, by a grammar or a prefill, is the hash's.
 */
export function scriptedReplies(
  reply: (conversation: string) => ScriptedReply,
  vocabulary: Vocabulary = createSimulatedVocabulary(),
): SimulatedScript {
  const opening = vocabulary.tokenize("<|im_start|>assistant\n", true);
  const stop = vocabulary.tokenize("<|im_end|>", true)[0] as Token;
  const answers = new WeakMap<Cell, Answer | undefined>();

  const answerTo = (conversation: readonly Token[]): Answer | undefined => {
    const said = reply(detokenize(vocabulary, conversation));
    if (said === undefined) return undefined;
    if (typeof said === "object") return { tokens: vocabulary.tokenize(said.endless, true), isEndless: true };
    return { tokens: [...vocabulary.tokenize(said, true), stop], isEndless: false };
  };
  const answerAfter = (opened: Cell): Answer | undefined => {
    if (!answers.has(opened)) answers.set(opened, answerTo(pathTo(opened)));
    return answers.get(opened);
  };
  return (last) => {
    const opened = lastEndOf(opening, last);
    const answer = opened && answerAfter(opened);
    if (!answer) return undefined;
    let next = last.length - opened.length;
    const following = tokenAt(answer, next);
    for (let cell = last; cell !== opened; cell = cell.previous as Cell)
      if (cell.token !== tokenAt(answer, --next)) return undefined;
    return following;
  };
}

function tokenAt({ tokens, isEndless }: Answer, at: number): Token | undefined {
  return isEndless ? tokens[at % tokens.length] : tokens[at];
}

/** Where the last occurrence of `part` in a path ends. */
function lastEndOf(part: readonly Token[], last: Cell): Cell | undefined {
  let cell: Cell | undefined = last;
  while (cell && !endsWith(cell, part)) cell = cell.previous;
  return cell;
}

function endsWith(last: Cell, part: readonly Token[]): boolean {
  let cell: Cell | undefined = last;
  for (let i = part.length - 1; i >= 0; i--) {
    if (cell?.token !== part[i]) return false;
    cell = cell?.previous;
  }
  return true;
}

function pathTo(last: Cell): Token[] {
  const path = new Array<Token>(last.length);
  for (let cell: Cell | undefined = last; cell; cell = cell.previous) path[cell.length - 1] = cell.token;
  return path;
}
