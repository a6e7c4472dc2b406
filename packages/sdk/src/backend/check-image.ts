import { InvalidArgumentError } from "../errors.ts";
import type { GrammarImage, SequenceImage } from "./engine.ts";
import { checkTriggers } from "./grammar-trigger.ts";
import type { Token } from "./ids.ts";
import { type ResolvedSampling, resolveSampling } from "./sampling.ts";
import { checkBiases, requireToken } from "./token-bias.ts";

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
