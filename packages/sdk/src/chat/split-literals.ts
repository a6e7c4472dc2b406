/**
 * Cuts text so that no piece contains a whole literal. The pieces joined are the text.
 *
 *     literals  <|im_end|>  </s>        text    a<|im_end|></s>b
 *                                       pieces  a<|im_end|   ></s   >b
 *
 * A piece ends before the last character of the first literal that would complete in it. That gives the fewest
 * cuts, handles literals that overlap or contain each other, and never looks back: O(text), whatever the number
 * of literals (Aho and Corasick, "Efficient string matching", 1975, with the failure links resolved beforehand).
 */
export type SplitLiterals = (text: string) => string[];

/** @param literals - each of two code points or more: a single one has no inside to cut at. */
export function compileSplitLiterals(literals: readonly string[]): SplitLiterals {
  const { next, completes, classOf, classCount } = compileAutomaton(literals);

  return (text) => {
    const pieces: string[] = [];
    let pieceStart = 0;
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      node = next[node * classCount + classOf[text.charCodeAt(index)]!]!;
      if (completes[node] === 0) continue;
      const cut = startOfCodePoint(text, index);
      pieces.push(text.slice(pieceStart, cut));
      pieceStart = cut;
      // The cut character opens the next piece, so the automaton reads it again from its root.
      index = cut - 1;
      node = 0;
    }
    if (pieceStart < text.length) pieces.push(text.slice(pieceStart));
    return pieces;
  };
}

function startOfCodePoint(text: string, index: number): number {
  const isSecondHalf = (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  return isSecondHalf && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800 ? index - 1 : index;
}

interface Automaton {
  /** The node after (node, character class), shape [nodes, classCount]. */
  next: Int32Array;
  /** 1 where some literal ends at this node, shape [nodes]. */
  completes: Uint8Array;
  /** Class of a UTF-16 unit; 0 for those that no literal contains. Shape [65536]. */
  classOf: Uint16Array;
  classCount: number;
}

function compileAutomaton(literals: readonly string[]): Automaton {
  const classOf = new Uint16Array(0x10000);
  let classCount = 1;
  for (const literal of literals)
    for (let i = 0; i < literal.length; i++) {
      const unit = literal.charCodeAt(i);
      if (classOf[unit] === 0) classOf[unit] = classCount++;
    }

  const nodesMax = 1 + literals.reduce((sum, literal) => sum + literal.length, 0);
  const next = new Int32Array(nodesMax * classCount);
  const completes = new Uint8Array(nodesMax);
  let nodeCount = 1;
  for (const literal of literals) {
    let node = 0;
    for (let i = 0; i < literal.length; i++) {
      const edge = node * classCount + classOf[literal.charCodeAt(i)]!;
      if (next[edge] === 0) next[edge] = nodeCount++;
      node = next[edge]!;
    }
    completes[node] = 1;
  }

  // Breadth first: the failure target of a node is shallower, so its row is complete when it is copied from.
  const failure = new Int32Array(nodeCount);
  const queue: number[] = [0];
  for (const node of queue)
    for (let cls = 0; cls < classCount; cls++) {
      const edge = node * classCount + cls;
      const fallback = node === 0 ? 0 : next[failure[node]! * classCount + cls]!;
      const child = next[edge]!;
      if (child === 0) {
        next[edge] = fallback;
        continue;
      }
      failure[child] = fallback;
      completes[child]! |= completes[fallback]!;
      queue.push(child);
    }
  return { next, completes, classOf, classCount };
}
