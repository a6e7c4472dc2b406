import type { GrammarImage, GrammarTrigger, Produced } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import type { ResolvedSampling } from "../backend/sampling.ts";
import { requireToken } from "../backend/token-bias.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { GrammarInvalidError, GrammarRejectedError, InvalidArgumentError } from "../errors.ts";
import {
  type Arrival,
  activeGrammar,
  advance,
  type Constraint,
  forcedBytes,
  lazyGrammar,
} from "./simulated-grammar.ts";
import { rowSurprisal, type Sums, Written } from "./simulated-metrics.ts";
import { type Choice, choose, samplingSurprisal } from "./simulated-sampler/chain.ts";
import { nextMu } from "./simulated-sampler/mirostat.ts";
import { mix } from "./simulated-sampler/random.ts";
import { splitUtf8 } from "./simulated-utf8.ts";

/** One written token, and through `previous` the path up to it. Its identity is the cell: forks hold the same object. */
export interface Cell {
  readonly token: Token;
  readonly previous: Cell | undefined;
  /** Tokens of the path, this one included. */
  readonly length: number;
  /** Of all tokens of the path; the row follows from it. */
  readonly hash: number;
}

/** What was committed or accepted, newest first. Forks share its tail. */
export interface Heard {
  readonly token: Token;
  readonly previous: Heard | undefined;
}

/** How a sequence came to where its grammar stands; see `GrammarImage`. */
export interface GrammarWay {
  readonly from: Omit<GrammarImage, "heard">;
  readonly heard: Heard | undefined;
}

/** All that a sequence is beside its lease. A plain value: a fork shares it, a batch replaces it after success. */
export interface SequenceState {
  /** The newest cell; undefined for an empty sequence. */
  readonly last: Cell | undefined;
  readonly sampling: ResolvedSampling;
  readonly logitBias: ReadonlyMap<Token, number>;
  readonly steer: ReadonlyMap<Token, number>;
  readonly constraint: Constraint | undefined;
  /** Of the constraint, where there is one. */
  readonly way: GrammarWay | undefined;
  readonly heard: Heard | undefined;
  /** Mirostat's bound, in bits; undefined until the first commit under it. */
  readonly mu: number | undefined;
  readonly commits: number;
  /** Calls of `sample` since the last commit. */
  readonly draws: number;
  readonly written: Written<SequenceState> | undefined;
  /** Of a code point that the tokens so far have not finished. */
  readonly pendingBytes: readonly number[];
}

/** Chooses the token after a path, or leaves it to the hash. Ignored where the grammar forbids the choice. */
export type SimulatedScript = (last: Cell) => Token | undefined;

export const noBias: ReadonlyMap<Token, number> = new Map();

export function emptySequence(sampling: ResolvedSampling): SequenceState {
  return {
    last: undefined,
    sampling,
    logitBias: noBias,
    steer: noBias,
    constraint: undefined,
    way: undefined,
    heard: undefined,
    mu: undefined,
    commits: 0,
    draws: 0,
    written: undefined,
    pendingBytes: [],
  };
}

/** The state after known tokens, which pass neither sampler nor grammar and end any text before them. */
export function prefilled(vocabulary: Vocabulary, state: SequenceState, tokens: readonly Token[]): SequenceState {
  for (const token of tokens) requireToken(token, vocabulary.size);
  const way = state.pendingBytes.length > 0 ? onward(state.way, cutShort) : state.way;
  return { ...state, last: tokens.reduce(extended, state.last), way, pendingBytes: [] };
}

/** Stands in a way for a prefill that cut a code point short. */
export const cutShort = -1;

/** A grammar in place of the one before, from its start. Throws GrammarInvalidError. */
export function constrained(
  state: SequenceState,
  text: string | undefined,
  triggers: readonly GrammarTrigger[] = [],
): SequenceState {
  if (text === undefined) return { ...state, constraint: undefined, way: undefined };
  const constraint = triggers.length > 0 ? lazyGrammar(text, triggers) : activeGrammar(text);
  const from = { text, triggers: structuredClone(triggers), pendingBytes: state.pendingBytes };
  return { ...state, constraint, way: { from, heard: undefined } };
}

/** The state in which only the grammar has heard `token`, and the text has it. Throws GrammarRejectedError. */
export function heard(vocabulary: Vocabulary, state: SequenceState, token: Token): SequenceState {
  const arrival = arrivalOf(vocabulary, state, token);
  const constraint = state.constraint && advance(state.constraint, arrival);
  if (state.constraint && !constraint) throw new GrammarRejectedError({ token });
  const pendingBytes = splitUtf8(state.pendingBytes, arrival.bytes).rest;
  return { ...state, constraint, way: onward(state.way, token), pendingBytes };
}

/** The state after a token that the grammar allows. Throws GrammarRejectedError. */
export function committed(vocabulary: Vocabulary, state: SequenceState, token: Token): SequenceState {
  requireToken(token, vocabulary.size);
  const arrival = arrivalOf(vocabulary, state, token);
  const constraint = state.constraint && advance(state.constraint, arrival);
  if (state.constraint && !constraint) throw new GrammarRejectedError({ token });
  // Field by field: this is done for every token, and a spread takes several times as long.
  return {
    last: extended(state.last, token),
    sampling: state.sampling,
    logitBias: state.logitBias,
    steer: state.steer,
    constraint,
    way: onward(state.way, token),
    heard: { token, previous: state.heard },
    mu: muAfter(vocabulary, state, token),
    commits: state.commits + 1,
    draws: 0,
    written: state.last ? new Written(state, token) : state.written,
    pendingBytes: splitUtf8(state.pendingBytes, arrival.bytes).rest,
  };
}

/** Tokens of the text that the grammar forces behind `token`. */
export function forcedBehind(vocabulary: Vocabulary, state: SequenceState, token: Token): Token[] {
  const { constraint } = state;
  if (constraint?.kind !== "active" || !(token >= 0 && token < vocabulary.size)) return [];
  const next = advance(constraint, arrivalOf(vocabulary, state, token));
  const bytes = next ? forcedBytes(next, 64) : [];
  return bytes.length > 0 ? vocabulary.tokenize(Buffer.from(bytes).toString(), false) : [];
}

/** The next token of a state with a row, without a change to it. */
export function produce(vocabulary: Vocabulary, state: SequenceState, script?: SimulatedScript): Produced {
  const token = drawn(vocabulary, state, 0, script);
  if (vocabulary.isStop(token)) return { token, text: "", isStop: true };
  const { text } = splitUtf8(state.pendingBytes, vocabulary.bytes(token, true));
  return { token, text, isStop: false };
}

/** The token that the `draw`th number of the generator gives; the 0th is `produce`'s. */
export function drawn(vocabulary: Vocabulary, state: SequenceState, draw: number, script?: SimulatedScript): Token {
  const wanted = state.last && script?.(state.last);
  if (wanted !== undefined && allows(vocabulary, state, wanted)) return wanted;
  const token = choose(choiceOf(vocabulary, state, draw));
  if (token !== undefined) return token;
  const isAnyAllowed = rowOf(vocabulary, state).some((_, each) => allows(vocabulary, state, each));
  if (isAnyAllowed) throw new InvalidArgumentError("the biases block every token that the grammar allows here.");
  throw new GrammarInvalidError("the grammar allows no token of this vocabulary here.");
}

/** Logits as a hash of the whole path: one wrong token, position or shared cell changes every token after it. */
export function rowOf({ size }: Vocabulary, { last }: Pick<SequenceState, "last">): Float32Array {
  const { hash } = last as Cell;
  const row = new Float32Array(size);
  for (let token = 0; token < size; token++) row[token] = (mix(hash ^ Math.imul(token, 0x85ebca6b)) >>> 8) / 2 ** 21;
  return row;
}

function allows(vocabulary: Vocabulary, state: SequenceState, token: Token): boolean {
  return !state.constraint || advance(state.constraint, arrivalOf(vocabulary, state, token)) !== undefined;
}

const noBytes = new Uint8Array();

function arrivalOf(vocabulary: Vocabulary, { pendingBytes }: SequenceState, token: Token): Arrival {
  const isStop = vocabulary.isStop(token);
  return { token, isStop, bytes: isStop ? noBytes : vocabulary.bytes(token, true), pendingBytes };
}

function choiceOf(vocabulary: Vocabulary, state: SequenceState, draw: number): Choice {
  return {
    row: rowOf(vocabulary, state),
    allowed: (token) => allows(vocabulary, state, token),
    biases: [state.logitBias, state.steer, suppressedBy(vocabulary)].filter(({ size }) => size > 0),
    recent: (count) => lastHeard(state.heard, count),
    sampling: state.sampling,
    mu: muOf(state),
    commits: state.commits,
    draw,
  };
}

function onward(way: GrammarWay | undefined, token: Token): GrammarWay | undefined {
  return way && { from: way.from, heard: { token, previous: way.heard } };
}

const suppressions = new WeakMap<Vocabulary, ReadonlyMap<Token, number>>();

function suppressedBy(vocabulary: Vocabulary): ReadonlyMap<Token, number> {
  let found = suppressions.get(vocabulary);
  if (!found) {
    found = new Map(vocabulary.suppressed.map((token) => [token, Number.NEGATIVE_INFINITY]));
    suppressions.set(vocabulary, found);
  }
  return found;
}

/** Oldest first. */
export function lastHeard(heard: Heard | undefined, count: number): Token[] {
  const tokens: Token[] = [];
  for (let each = heard; each && tokens.length < count; each = each.previous) tokens.push(each.token);
  return tokens.reverse();
}

/** Mirostat's bound, in bits. */
export function muOf({ mu, sampling }: Pick<SequenceState, "mu" | "sampling">): number {
  return mu ?? 2 * sampling.mirostatTau;
}

function muAfter(vocabulary: Vocabulary, state: SequenceState, token: Token): number | undefined {
  const { mirostat, mirostatTau: tau, mirostatEta: eta } = state.sampling;
  if (mirostat === 0 || !state.last) return state.mu;
  const surprise = samplingSurprisal(choiceOf(vocabulary, state, 0), token) / Math.LN2;
  return nextMu(muOf(state), surprise, { tau, eta });
}

/** Surprisals of all that was committed behind a row. */
export function sumsOf(vocabulary: Vocabulary, { written }: SequenceState): Sums {
  return Written.sumsOf(written, (before, token) => ({
    model: rowSurprisal(rowOf(vocabulary, before), token),
    sampling: samplingSurprisal(choiceOf(vocabulary, before, 0), token),
  }));
}

/** The cell of a token that comes after another. */
export function extended(previous: Cell | undefined, token: Token): Cell {
  const hash = mix((previous?.hash ?? 0x811c9dc5) ^ Math.imul(token + 1, 0x9e3779b1));
  return { token, previous, length: (previous?.length ?? 0) + 1, hash };
}
