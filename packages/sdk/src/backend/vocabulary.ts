import type { Token } from "./ids.ts";

/** A token whose text, met in untrusted content, would forge the structure of a prompt. */
export interface StructuralToken {
  token: Token;
  /** Its visible text, such as `<|im_end|>`; never empty. */
  text: string;
}

/**
 * What a model file says about its tokens. The engine's half of the Language port: `createLanguage` builds the
 * rest on top, so that a remote or simulated engine pairs with a real vocabulary and the other way round.
 */
export interface Vocabulary {
  readonly size: number;
  /** Prepended once to an empty sequence, where the model wants one. */
  readonly bos: Token | undefined;
  /** Every CONTROL and UNKNOWN token, and every USER_DEFINED one with visible text. */
  readonly structural: readonly StructuralToken[];
  /**
   * Tokens of `text`. With `parseSpecial`, structural literals become their tokens; without, the backend may
   * still match some (user-defined ones): the caller splits content inside every literal first.
   * No BOS, no space prefix is added. Cost: O(text).
   */
  tokenize(text: string, parseSpecial: boolean): Token[];
  /** The bytes of one token. With `special`, structural tokens give their literal; without, nothing. */
  bytes(token: Token, special: boolean): Uint8Array;
  /** True for tokens that end a generation. */
  isStop(token: Token): boolean;
  /**
   * Tokens that the model file says are never to be written, such as those that stand for an image. No engine draws one,
   * whatever a grammar or a bias says; commit and prefill take them as any other.
   */
  readonly suppressed: readonly Token[];
  /** The chat template that the model file carries, if any. Read to recognise the family, not executed. */
  readonly chatTemplate: string | undefined;
}
