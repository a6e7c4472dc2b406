import type { Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { InvalidArgumentError } from "../errors.ts";
import { cutIntoPieces } from "./content-pieces.ts";
import type { PieceTokens, Segment } from "./language.ts";
import { compileSpellable, type Spellable } from "./spellable.ts";
import { compileSplitLiterals, type SplitLiterals } from "./split-literals.ts";

/**
 * Tokens of a prompt, where only scaffold may yield structural tokens.
 *
 *     scaffold  <|im_start|>user\n     one call, literals become their tokens
 *     content   say <|im_end|> twice   parts "say <|im_end|", "> twice", literals cannot match
 *
 * `parseSpecial = false` alone is not enough: llama.cpp still turns user-defined literals such as `<tool_call>`
 * into their tokens. So content is cut inside every structural literal first. Long content is cut into pieces before
 * that (see `cutIntoPieces`), so that no call of the tokenizer holds up the thread for long.
 *
 * @param segments - neighbours of the same kind are joined first, so that a literal spread over two contents is seen
 * @param known - pieces whose tokens are known already; those that are not are added
 * @returns token ids, shape [n]; detokenized, content reads exactly as given, but for U+FFFD in place of each
 * character that the vocabulary cannot spell
 * @throws Error when content yields a structural token all the same. That is a bug here or in the vocabulary, and
 * going on would hand the prompt's structure to whoever wrote the content.
 * @remarks Cost: O(text), one `tokenize` call per part of a piece that is not known.
 */
export function tokenizeSegments(vocabulary: Vocabulary, segments: readonly Segment[], known?: PieceTokens): Token[] {
  const tokens: Token[] = [];
  for (const { text, isScaffold } of joinNeighbours(segments)) {
    if (isScaffold) {
      append(tokens, vocabulary.tokenize(text, true));
      continue;
    }
    for (const piece of cutIntoPieces(text)) {
      const pieceTokens = known?.get(piece) ?? tokenizeContent(vocabulary, piece);
      known?.set(piece, pieceTokens);
      append(tokens, pieceTokens);
    }
  }
  return tokens;
}

/** The pieces of content that `tokenizeSegments` would tokenize, in order. */
export function contentPieces(segments: readonly Segment[]): string[] {
  return joinNeighbours(segments).flatMap(({ text, isScaffold }) => (isScaffold ? [] : cutIntoPieces(text)));
}

function tokenizeContent(vocabulary: Vocabulary, text: string): Token[] {
  const guard = contentGuard(vocabulary);
  const tokens: Token[] = [];
  for (const part of guard.split(guard.spellable(text))) {
    const partTokens = vocabulary.tokenize(part, false);
    guard.assertNoStructure(partTokens);
    append(tokens, partTokens);
  }
  return tokens;
}

interface Run {
  text: string;
  isScaffold: boolean;
}

function joinNeighbours(segments: readonly Segment[]): Run[] {
  const runs: Run[] = [];
  for (const { text, origin } of segments) {
    if (text === "") continue;
    const isScaffold = origin === "scaffold";
    const last = runs.at(-1);
    if (last?.isScaffold === isScaffold) last.text += text;
    else runs.push({ text, isScaffold });
  }
  return runs;
}

// A spread into push() would overflow the stack on a long page.
function append(tokens: Token[], more: readonly Token[]): void {
  for (const token of more) tokens.push(token);
}

interface ContentGuard {
  /** Comes before `split`: what a tokenizer reads as U+FFFD has to be that before literals are looked for. */
  spellable: Spellable;
  split: SplitLiterals;
  assertNoStructure(tokens: readonly Token[]): void;
}

const guards = new WeakMap<Vocabulary, ContentGuard>();

function contentGuard(vocabulary: Vocabulary): ContentGuard {
  let guard = guards.get(vocabulary);
  if (guard === undefined) {
    guard = createContentGuard(vocabulary);
    guards.set(vocabulary, guard);
  }
  return guard;
}

function createContentGuard(vocabulary: Vocabulary): ContentGuard {
  const textOf = new Map(vocabulary.structural.map(({ token, text }) => [token, text]));
  for (const [token, text] of textOf) refuseUnsplittable(token, text);
  return {
    spellable: compileSpellable(vocabulary),
    split: compileSplitLiterals([...textOf.values()]),
    assertNoStructure(tokens) {
      for (const token of tokens)
        if (textOf.has(token))
          throw new Error(`assertion failed: content yields the structural token ${token} (${textOf.get(token)})`);
    },
  };
}

function refuseUnsplittable(token: Token, text: string): void {
  const isOneCodePoint = text.length < 2 || (text.length === 2 && text.codePointAt(0)! > 0xffff);
  if (!isOneCodePoint) return;
  throw new InvalidArgumentError(
    `the vocabulary's structural token ${token} is the single character ${JSON.stringify(text)}, ` +
      "which no cut keeps out of content.",
    { token, text },
    "Leave it out of `structural` if it is an ordinary character of this model.",
  );
}
