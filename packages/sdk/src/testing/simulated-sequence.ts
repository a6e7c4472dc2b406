import type { Produced, SamplingParams } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { GrammarInvalidError, GrammarRejectedError, InvalidArgumentError } from "../errors.ts";
import { checkGrammarLimits } from "../grammar/limits.ts";
import { compileGbnf, type GbnfAcceptor, type GbnfState } from "./gbnf-acceptor.ts";
import { sampleRow } from "./simulated-sampler.ts";
import { splitUtf8 } from "./simulated-utf8.ts";

/** One written token. Its identity is the cell: forks hold the same object. */
export interface Cell {
  readonly token: Token;
}

/** All that a sequence is beside its lease. A plain value: a fork shares it, a batch replaces it after success. */
export interface SequenceState {
  readonly cells: readonly Cell[];
  /** Hash of all tokens, from which its logits follow; undefined for an empty sequence. */
  readonly path: number | undefined;
  readonly sampling: SamplingParams;
  readonly commits: number;
  readonly grammar: { acceptor: GbnfAcceptor; state: GbnfState } | undefined;
  /** Of a code point that the tokens so far have not finished. */
  readonly pendingBytes: readonly number[];
}

/** Chooses the next token of a path, or leaves it to the hash. Ignored where the grammar forbids the choice. */
export type SimulatedScript = (path: readonly Token[]) => Token | undefined;

// An acceptor learns its grammar's automaton as it goes; whoever comes with the same grammar goes on from there.
const acceptors = new Map<string, GbnfAcceptor>();

/** Throws GrammarInvalidError. */
export function compileGrammar(grammar: string | undefined): SequenceState["grammar"] {
  if (grammar === undefined) return undefined;
  let acceptor = acceptors.get(grammar);
  if (!acceptor) {
    checkGrammarLimits(grammar);
    acceptor = compileGbnf(grammar);
    if (acceptors.size >= 100) acceptors.clear();
    acceptors.set(grammar, acceptor);
  }
  return { acceptor, state: acceptor.start() };
}

/** The state after known tokens, which pass neither sampler nor grammar and end any text before them. */
export function prefilled(vocabulary: Vocabulary, state: SequenceState, tokens: readonly Token[]): SequenceState {
  for (const token of tokens) requireToken(vocabulary, token);
  const cells = [...state.cells, ...tokens.map((token) => ({ token }))];
  return { ...state, cells, path: tokens.reduce(extend, state.path), pendingBytes: [] };
}

/** The state after a token that the grammar allows. Throws GrammarRejectedError. */
export function committed(vocabulary: Vocabulary, state: SequenceState, token: Token): SequenceState {
  requireToken(vocabulary, token);
  if (!allows(vocabulary, state, token)) throw new GrammarRejectedError({ token });
  const bytes = vocabulary.isStop(token) ? [] : [...vocabulary.bytes(token, true)];
  const cells = [...state.cells, { token }];
  return {
    ...state,
    cells,
    path: extend(state.path, token),
    commits: state.commits + 1,
    grammar: state.grammar && {
      acceptor: state.grammar.acceptor,
      state: state.grammar.acceptor.advanceBytes(state.grammar.state, Uint8Array.from(bytes)) as GbnfState,
    },
    pendingBytes: splitUtf8([...state.pendingBytes, ...bytes]).rest,
  };
}

/** The next token of a state with a row, without a change to it. */
export function produce(vocabulary: Vocabulary, state: SequenceState, script?: SimulatedScript): Produced {
  const wanted = script?.(state.cells.map((cell) => cell.token));
  const isAllowed = (token: Token) => allows(vocabulary, state, token);
  const uniform = hashToUnit([state.sampling.seed ?? 0, state.commits]);
  const token =
    wanted !== undefined && isAllowed(wanted)
      ? wanted
      : sampleRow(hashRow(vocabulary, state.path as number), isAllowed, state.sampling, uniform);
  if (token === undefined) throw new GrammarInvalidError("the grammar allows no token of this vocabulary here.");
  if (vocabulary.isStop(token)) return { token, text: "", isStop: true };
  const { text } = splitUtf8([...state.pendingBytes, ...vocabulary.bytes(token, true)]);
  return { token, text, isStop: false };
}

function allows(vocabulary: Vocabulary, { grammar }: SequenceState, token: Token): boolean {
  if (!grammar) return true;
  if (vocabulary.isStop(token)) return grammar.acceptor.canEnd(grammar.state);
  return grammar.acceptor.advanceBytes(grammar.state, vocabulary.bytes(token, true)) !== undefined;
}

function requireToken({ size }: Vocabulary, token: Token): void {
  if (Number.isInteger(token) && token >= 0 && token < size) return;
  throw new InvalidArgumentError(`token ${String(token)} is not in the vocabulary.`, { token: String(token), size });
}

/** Logits as a hash of the whole path: one wrong token, position or shared cell changes every token after it. */
export function hashRow({ size }: Vocabulary, path: number): Float32Array {
  const row = new Float32Array(size);
  for (let token = 0; token < size; token++) row[token] = (mix(path ^ Math.imul(token, 0x85ebca6b)) >>> 8) / 2 ** 21;
  return row;
}

function extend(path: number | undefined, token: Token): number {
  return mix((path ?? 0x811c9dc5) ^ Math.imul(token + 1, 0x9e3779b1));
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

function hashToUnit(parts: readonly number[]): number {
  return (parts.reduce((hash, part) => mix(hash ^ Math.imul(part + 1, 0x9e3779b1)), 7) >>> 0) / 2 ** 32;
}
