import type { StructuralToken, Token, Vocabulary } from "@lloyal-labs/sdk";
import { typed } from "./binding/map-error.ts";
import type { NativeModel } from "./binding/native.ts";

/** The Vocabulary port over a loaded file. */
export class NativeVocabulary implements Vocabulary {
  readonly #model: NativeModel;
  readonly size: number;
  readonly bos: Token | undefined;
  readonly structural: readonly StructuralToken[];
  readonly suppressed: readonly Token[];
  readonly chatTemplate: string | undefined;

  constructor(model: NativeModel) {
    this.#model = model;
    const { size, bos, structural, suppressed, chatTemplate } = model.describe();
    this.size = size;
    this.bos = bos;
    this.structural = structural;
    this.suppressed = suppressed;
    this.chatTemplate = chatTemplate;
  }

  tokenize(text: string, parseSpecial: boolean): Token[] {
    return typed(() => Array.from(this.#model.tokenize(text, parseSpecial)));
  }

  bytes(token: Token, special: boolean): Uint8Array {
    return typed(() => this.#model.bytes(token, special));
  }

  isStop(token: Token): boolean {
    return typed(() => this.#model.isStop(token));
  }
}
