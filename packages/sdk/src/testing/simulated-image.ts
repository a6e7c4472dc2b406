import type { GrammarImage, SequenceImage, TokenBias } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { requireToken } from "../backend/token-bias.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { InvalidArgumentError, StateInvalidError } from "../errors.ts";
import { Written } from "./simulated-metrics.ts";
import {
  type Cell,
  constrained,
  cutShort,
  emptySequence,
  extended,
  type Heard,
  heard,
  lastHeard,
  muOf,
  prefilled,
  rowOf,
  type SequenceState,
  sumsOf,
} from "./simulated-sequence.ts";

const windowMax = 4096;

/** A state as plain values. Its cells are the tokens from `from` on, as 32-bit integers. */
export function imageOf(vocabulary: Vocabulary, state: SequenceState, from: number): SequenceImage {
  const tokens: Token[] = [];
  for (let cell = state.last; cell && cell.length > from; cell = cell.previous) tokens.push(cell.token);
  return {
    position: state.last?.length ?? 0,
    from,
    cells: new Uint8Array(Int32Array.from(tokens.reverse()).buffer),
    row: state.last && rowOf(vocabulary, state),
    sampling: state.sampling,
    logitBias: listOf(state.logitBias),
    steer: listOf(state.steer),
    window: lastHeard(state.heard, windowMax),
    mu: muOf(state),
    commits: state.commits,
    draws: state.draws,
    pendingBytes: state.pendingBytes,
    surprisals: sumsOf(vocabulary, state),
    grammar: state.way && { ...state.way.from, heard: lastHeard(state.way.heard, Number.POSITIVE_INFINITY) },
  };
}

/**
 * The state that an image was taken of, on top of its parent's cells. Throws StateInvalidError where the cells are not
 * those of the position, or the row is not theirs.
 */
export function stateOf(
  vocabulary: Vocabulary,
  image: SequenceImage,
  parent: SequenceState | undefined,
): SequenceState {
  const tokens = tokensOf(vocabulary, image);
  const state: SequenceState = {
    ...ledBy(vocabulary, emptySequence(image.sampling), image.grammar),
    last: tokens.reduce(extended, cellAt(parent, image.from)),
    logitBias: new Map(image.logitBias.map(({ token, bias }) => [token, bias])),
    steer: new Map(image.steer.map(({ token, bias }) => [token, bias])),
    heard: image.window.reduce<Heard | undefined>((previous, token) => ({ token, previous }), undefined),
    mu: image.mu,
    commits: image.commits,
    draws: image.draws,
    written: image.surprisals.count > 0 ? new Written<SequenceState>(undefined, 0, image.surprisals) : undefined,
    pendingBytes: image.pendingBytes,
  };
  const row = state.last && rowOf(vocabulary, state);
  if (row?.some((logit, token) => logit !== image.row?.[token]))
    throw new StateInvalidError("the saved row is not that of the saved cells.");
  return state;
}

function tokensOf({ size }: Vocabulary, { cells, position, from }: SequenceImage): Token[] {
  if (cells.byteLength !== 4 * (position - from))
    throw new StateInvalidError("the saved cells are not those of the saved tokens.", { bytes: cells.byteLength });
  const tokens = [...new Int32Array(cells.slice().buffer)];
  try {
    for (const token of tokens) requireToken(token, size);
  } catch (cause) {
    throw new StateInvalidError("a saved cell holds no token.", {}, cause);
  }
  return tokens;
}

function cellAt(parent: SequenceState | undefined, length: number): Cell | undefined {
  if (length === 0) return undefined;
  let cell = parent?.last;
  while (cell && cell.length > length) cell = cell.previous;
  if (cell?.length === length) return cell;
  throw new InvalidArgumentError("the parent does not reach to where the saved cells begin.", { from: length });
}

function ledBy(vocabulary: Vocabulary, state: SequenceState, image: GrammarImage | undefined): SequenceState {
  if (!image) return state;
  const start = constrained({ ...state, pendingBytes: image.pendingBytes }, image.text, image.triggers);
  return image.heard.reduce(
    (at, token) => (token === cutShort ? prefilled(vocabulary, at, []) : heard(vocabulary, at, token)),
    start,
  );
}

function listOf(biases: ReadonlyMap<Token, number>): TokenBias[] {
  return [...biases].map(([token, bias]) => ({ token, bias }));
}
