import type { Token } from "../backend/ids.ts";
import type { ToolCallParse } from "./tool-call.ts";

/** Who wrote a piece of text. Only `scaffold` (our own template text) may produce structural tokens. */
export type Origin = "scaffold" | "user" | "tool" | "model";

export interface Segment {
  text: string;
  origin: Origin;
}

/** A tool as models and grammars see it: the OpenAI function shape without its envelope. */
export interface ToolSchema {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** The subset of JSON Schema that this project reads. Unknown keywords are refused by the grammar, not ignored. */
export interface JsonSchema {
  type?: string | readonly string[];
  description?: string;
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  enum?: readonly (string | number | boolean | null)[];
  const?: string | number | boolean | null;
  anyOf?: readonly JsonSchema[];
  [keyword: string]: unknown;
}

export interface ToolResultText {
  /** Name of the tool that was called. */
  name: string;
  /** Untrusted text. */
  text: string;
}

/** Tokens of pieces of content, by their text: a memory for texts that are tokenized again, whole or in part. */
export type PieceTokens = Map<string, readonly Token[]>;

/**
 * The second port: text to tokens and back, in the words of the model's family.
 *
 * Turns are given as segments, and a segment of any origin but scaffold can never yield a structural token:
 * `tokenize` splits it inside every structural literal first and asserts the outcome.
 */
export interface Language {
  /** The family, such as `chatml`. */
  readonly family: string;
  readonly vocabSize: number;

  /**
   * Throws an assertion error when content yields a structural token, which would be our bug. Content is tokenized in
   * pieces of at most 4096 characters; what `known` holds is not tokenized again, and what it lacks is added.
   */
  tokenize(segments: readonly Segment[], known?: PieceTokens): Token[];
  /** The pieces of content in these segments. `tokenize` with one of them as its content costs a millisecond or two. */
  contentPieces(segments: readonly Segment[]): string[];
  /** The text of tokens, structural ones included as their literals. Incomplete UTF-8 becomes U+FFFD. */
  detokenize(tokens: readonly Token[]): string;
  isStop(token: Token): boolean;

  /** What an empty sequence begins with: BOS where the model has one, then the system turn. */
  system(text: string, tools: readonly ToolSchema[]): Segment[];
  user(text: string): Segment[];
  toolResults(results: readonly ToolResultText[]): Segment[];
  /** Opens the model's own turn. */
  readonly generationPrompt: readonly Segment[];
  /** Closes a turn of the model: `produce` does not commit the stop token, so the next delta begins with this. */
  readonly turnClose: readonly Segment[];

  /** Splits generated text into prose and tool calls. */
  parse(text: string): ToolCallParse;
  /** GBNF for a turn that is exactly one call of one of `tools`. */
  toolCallGrammar(tools: readonly ToolSchema[]): string;
}
