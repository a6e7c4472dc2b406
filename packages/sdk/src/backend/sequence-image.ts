import { InvalidArgumentError } from "../errors.ts";
import type { GrammarTrigger, TokenBias } from "./engine.ts";
import { checkTriggers } from "./grammar-trigger.ts";
import type { Token } from "./ids.ts";
import { type ResolvedSampling, resolveSampling } from "./sampling.ts";
import { checkBiases, requireToken } from "./token-bias.ts";

/** A sequence as plain values: what `Engine.save` gives and `Engine.restore` takes. */
export interface SequenceImage {
  /** Tokens up to its head. */
  readonly position: number;
  /** What comes before is not in `cells`, but in the sequence that is its parent. 0 where all is. */
  readonly from: number;
  /** The cells of positions `from` to `position`, in the backend's own form: only an engine of equal `fingerprint` reads it. */
  readonly cells: Uint8Array;
  /** Raw logits after the last token, shape [nVocab]; undefined where there are none. */
  readonly row?: Float32Array | undefined;
  readonly sampling: ResolvedSampling;
  readonly logitBias: readonly TokenBias[];
  readonly steer: readonly TokenBias[];
  /** Committed or accepted last, oldest first, at most 4096. */
  readonly window: readonly Token[];
  /** Mirostat's bound, in bits. */
  readonly mu: number;
  readonly commits: number;
  /** Calls of `sample` since the last commit. */
  readonly draws: number;
  /** Of a code point that the tokens have not finished, at most 3. */
  readonly pendingBytes: readonly number[];
  /** Sums over what was committed, in nats. */
  readonly surprisals: { readonly count: number; readonly model: number; readonly sampling: number };
  readonly grammar?: GrammarImage | undefined;
}

/** The way to where a grammar stands: from its start through all that it has heard. */
export interface GrammarImage {
  readonly text: string;
  /** What it waited for; none where it constrained from its start. */
  readonly triggers: readonly GrammarTrigger[];
  /** As they were when it was set. */
  readonly pendingBytes: readonly number[];
  /** Committed since; -1 stands for a prefill that cut a code point short. */
  readonly heard: readonly Token[];
}

const windowMax = 4096;

/**
 * Throws InvalidArgumentError for an image that no sequence of this vocabulary can have. It looks at all fields but
 * `cells`, which only the backend can read, and does not follow the grammar.
 */
export function checkImage(image: SequenceImage, nVocab: number): void {
  if (typeof image !== "object" || image === null) throw wrong("an image is an object.");
  requireCounts(image, ["position", "from", "commits", "draws"]);
  if (image.from > image.position) throw wrong("an image does not begin after its end.");
  if (!(image.cells instanceof Uint8Array)) throw wrong("cells are bytes.");
  checkRow(image, nVocab);
  checkSampling(image.sampling, nVocab);
  for (const biases of [image.logitBias, image.steer])
    if (checkBiases(biases, nVocab).size < biases.length) throw wrong("a token has one bias.");
  requireTokens("window", image.window, nVocab);
  if (image.window.length > windowMax) throw wrong(`a penalty window holds at most ${windowMax} tokens.`);
  if (!Number.isFinite(image.mu)) throw wrong("mu is a number.");
  requirePending(image.pendingBytes);
  checkSurprisals(image.surprisals);
  if (image.grammar !== undefined) checkGrammar(image.grammar, nVocab);
}

/** An image leaves nothing to defaults, which may be others one day. */
function checkSampling(sampling: ResolvedSampling, nVocab: number): void {
  const resolved = resolveSampling(sampling);
  if (Object.keys(resolved).some((name) => sampling?.[name as keyof ResolvedSampling] === undefined))
    throw wrong("an image has every sampling parameter.");
  for (const token of resolved.dryBreakers) requireToken(token, nVocab);
}

function checkRow({ row, position }: SequenceImage, nVocab: number): void {
  if ((row !== undefined) !== position > 0) throw wrong("there is a row after the first token, and not before.");
  if (row === undefined) return;
  if (!(row instanceof Float32Array) || row.length !== nVocab) throw wrong("a row has a logit for each token.");
  if (!row.some(Number.isFinite)) throw wrong("no logit of the row is finite.");
}

function checkSurprisals(sums: SequenceImage["surprisals"]): void {
  if (typeof sums !== "object" || sums === null) throw wrong("surprisals are an object.");
  requireCounts(sums, ["count"]);
  const areSums = [sums.model, sums.sampling].every((sum) => typeof sum === "number" && sum >= 0);
  if (!areSums) throw wrong("surprisals are sums of what is not negative.");
}

function checkGrammar(grammar: GrammarImage, nVocab: number): void {
  if (typeof grammar !== "object" || grammar === null || typeof grammar.text !== "string")
    throw wrong("a grammar is a text.");
  if (!Array.isArray(grammar.triggers)) throw wrong("triggers are a list.");
  if (grammar.triggers.length > 0) checkTriggers(grammar.triggers, nVocab);
  requirePending(grammar.pendingBytes);
  if (!Array.isArray(grammar.heard)) throw wrong("heard is a list of tokens.");
  requireTokens(
    "heard",
    grammar.heard.filter((token) => token !== -1),
    nVocab,
  );
}

function requireCounts<K extends string>(of: Readonly<Record<K, number>>, names: readonly K[]): void {
  for (const name of names) {
    if (!Number.isSafeInteger(of[name]) || of[name] < 0 || of[name] > countMax)
      throw new InvalidArgumentError(`${name} is a whole number.`, { [name]: String(of[name]) });
  }
}

// What the backends keep them in.
const countMax = 2 ** 31 - 1;

function requireTokens(what: string, tokens: readonly Token[], nVocab: number): void {
  if (!Array.isArray(tokens)) throw wrong(`${what} is a list of tokens.`);
  for (const token of tokens) requireToken(token, nVocab);
}

function requirePending(bytes: readonly number[]): void {
  const areBytes = Array.isArray(bytes) && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  if (!areBytes || bytes.length > 3) throw wrong("of an unfinished code point there are at most three bytes.");
}

function wrong(what: string): InvalidArgumentError {
  return new InvalidArgumentError(what);
}
