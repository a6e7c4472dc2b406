import { refuseLeftRecursion } from "./gbnf-left-recursion.ts";
import { parseGbnf } from "./gbnf-parser.ts";
import { beginUtf8, continueUtf8, legalCodePoints, type PartialUtf8 } from "./gbnf-partial-utf8.ts";
import { compileProgram, type GbnfProgram, type ProgramNode } from "./gbnf-program.ts";
import type { CodePointRange } from "./gbnf-ranges.ts";

/** Where a text stands in a grammar. Immutable: keep it, fork from it, compare it by identity. */
export interface GbnfState {
  /** Code points that may come next, by the paths that read them. */
  readonly paths: readonly Path[];
  readonly canEnd: boolean;
  /** Bytes of a code point that is not complete. */
  readonly partial: PartialUtf8 | undefined;
  readonly afterCodePoint: Map<number, GbnfState | undefined>;
  readonly afterByte: Map<number, GbnfState | undefined>;
}

interface Path {
  read: Extract<ProgramNode, { kind: "read" }>;
  returnTo: Frame | undefined;
}

/** Where to go on when a rule ends. Frames are shared: equal stacks are one object. */
interface Frame {
  id: number;
  node: ProgramNode;
  parent: Frame | undefined;
  children: Map<ProgramNode, Frame>;
}

/** Compiles GBNF. @throws GrammarInvalidError for what llama.cpp refuses or would misread in silence. */
export function compileGbnf(text: string): GbnfAcceptor {
  const rules = parseGbnf(text);
  refuseLeftRecursion(rules);
  return new GbnfAcceptor(compileProgram(rules));
}

// Beyond this all that was learnt is forgotten; states in use stay valid.
const statesMax = 50_000;

/**
 * Follows all readings of a text at once, as a set of paths. Equal sets are one state and each step is kept, so a
 * grammar turns into a deterministic automaton along the texts that are tried: a known step costs one look-up.
 */
export class GbnfAcceptor {
  readonly #program: GbnfProgram;
  readonly #states = new Map<string, GbnfState>();
  readonly #outermost = new Map<ProgramNode, Frame>();
  readonly #start: GbnfState;
  #frames = 0;

  constructor(program: GbnfProgram) {
    this.#program = program;
    this.#start = this.#follow([{ node: program.get("root")!, returnTo: undefined }]);
  }

  start(): GbnfState {
    return this.#start;
  }

  /** True when the text so far is complete. */
  canEnd(state: GbnfState): boolean {
    return state.canEnd;
  }

  /** The state after `text`, or undefined when the grammar forbids it. */
  advance(state: GbnfState, text: string): GbnfState | undefined {
    if (state.partial !== undefined) return text === "" ? state : undefined;
    let current: GbnfState | undefined = state;
    for (const char of text) {
      current = this.#afterCodePoint(current, char.codePointAt(0)!);
      if (current === undefined) return undefined;
    }
    return current;
  }

  /** As `advance`, for UTF-8 that may begin or end inside a code point: legal while some completion is legal. */
  advanceBytes(state: GbnfState, bytes: Uint8Array): GbnfState | undefined {
    let current: GbnfState | undefined = state;
    for (const byte of bytes) {
      current = this.#afterByte(current, byte);
      if (current === undefined) return undefined;
    }
    return current;
  }

  /** The code points that may come next; ranges may overlap. Empty inside a code point. */
  nextCodePoints(state: GbnfState): CodePointRange[] {
    return state.partial === undefined ? state.paths.flatMap(({ read }) => read.ranges) : [];
  }

  #afterCodePoint(state: GbnfState, codePoint: number): GbnfState | undefined {
    if (state.afterCodePoint.has(codePoint)) return state.afterCodePoint.get(codePoint);
    const reached = state.paths
      .filter(({ read }) => read.ranges.some(({ low, high }) => low <= codePoint && codePoint <= high))
      .map(({ read, returnTo }) => ({ node: read.next, returnTo }));
    const next = reached.length === 0 ? undefined : this.#follow(reached);
    state.afterCodePoint.set(codePoint, next);
    return next;
  }

  #afterByte(state: GbnfState, byte: number): GbnfState | undefined {
    if (state.afterByte.has(byte)) return state.afterByte.get(byte);
    const next = this.#readByte(state, byte);
    state.afterByte.set(byte, next);
    return next;
  }

  #readByte(state: GbnfState, byte: number): GbnfState | undefined {
    const partial = state.partial === undefined ? beginUtf8(byte) : continueUtf8(state.partial, byte);
    if (partial === undefined) return undefined;
    const whole = { ...state, partial: undefined };
    if (partial.remaining === 0) return this.#afterCodePoint(whole, partial.value);
    const isPossible = legalCodePoints(partial).some((legal) =>
      state.paths.some(({ read }) => read.ranges.some(({ low, high }) => low <= legal.high && legal.low <= high)),
    );
    return isPossible ? { ...whole, canEnd: false, partial, afterByte: new Map() } : undefined;
  }

  /** Goes on from `places` through forks, calls and exits, up to the nodes that read. */
  #follow(places: readonly { node: ProgramNode; returnTo: Frame | undefined }[]): GbnfState {
    const seen = new Map<ProgramNode, Set<Frame | undefined>>();
    const paths: Path[] = [];
    let canEnd = false;
    const pending = [...places];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const { node, returnTo } = place;
      const frames = seen.get(node) ?? new Set();
      if (frames.has(returnTo)) continue;
      seen.set(node, frames.add(returnTo));
      if (node.kind === "read") paths.push({ read: node, returnTo });
      else if (node.kind === "fork") for (const to of node.to) pending.push({ node: to, returnTo });
      else if (node.kind === "call")
        pending.push({ node: this.#program.get(node.rule)!, returnTo: this.#frame(node.next, returnTo) });
      else if (returnTo !== undefined) pending.push({ node: returnTo.node, returnTo: returnTo.parent });
      else canEnd = true;
    }
    return this.#share(paths, canEnd);
  }

  #frame(node: ProgramNode, parent: Frame | undefined): Frame | undefined {
    // A call in last place needs no frame of its own: right recursion would pile them up.
    if (node.kind === "exit") return parent;
    const siblings = parent?.children ?? this.#outermost;
    let frame = siblings.get(node);
    if (frame === undefined) {
      frame = { id: this.#frames++, node, parent, children: new Map() };
      siblings.set(node, frame);
    }
    return frame;
  }

  #share(paths: readonly Path[], canEnd: boolean): GbnfState {
    const names = paths.map(({ read, returnTo }) => `${read.id}.${returnTo?.id ?? ""}`).sort();
    const key = `${canEnd} ${names.join(" ")}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= statesMax) this.#forget();
      state = { paths, canEnd, partial: undefined, afterCodePoint: new Map(), afterByte: new Map() };
      this.#states.set(key, state);
    }
    return state;
  }

  #forget(): void {
    for (const state of this.#states.values()) {
      state.afterCodePoint.clear();
      state.afterByte.clear();
    }
    this.#states.clear();
    this.#outermost.clear();
  }
}
