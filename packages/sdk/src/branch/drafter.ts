import type { Token } from "../backend/ids.ts";

/**
 * Guesses what branches will write, from what stands in them. A right guess spares a decode; a wrong one costs a row in a
 * batch and nothing else, since whoever asks verifies. Branches are named by `Branch.id`.
 *
 * It is told of all that lives when it comes, then of every branch and of every token - before it is asked, not at once -
 * and asked between two decodes: all of it should take microseconds. A model
 * that drafts would run ahead on a thread of its own, and answer with what it has.
 */
export interface Drafter {
  /** A new branch, which begins with all that `parent` has. */
  opened(branch: number, parent: number | undefined): void;
  /** Tokens were written: prefilled or committed. */
  wrote(branch: number, tokens: readonly Token[]): void;
  closed(branch: number): void;
  /**
   * What may follow `ahead`, tokens that will be written next: at most `most` tokens, or none.
   *
   * @param ahead - shape [n], n >= 1
   */
  draft(branch: number, ahead: readonly Token[], most: number): readonly Token[];
}
