// The token lists of the living as one tree: what lists have in common stands once.
//
//   heads a: 1 2 3 4    b: 1 2 7    c: 1 2            [1 2] c
//                                                    /      \
//                                               [3 4] a     [7] b
//
// Where a list ends its node ends. Every node but the root has a head at its end or two children at least, so there are
// fewer nodes than twice the heads.
import type { Token } from "../backend/ids.ts";

interface RadixNode<H> {
  parent: RadixNode<H> | undefined;
  /** The run of tokens that leads here from the parent. Empty in the root alone. */
  tokens: Token[];
  /** By the first token of their run. */
  readonly children: Map<Token, RadixNode<H>>;
  /** Whose list ends here. */
  readonly heads: Set<H>;
}

/** Token lists that grow at their ends, and the longest beginning of a list that one of them has. */
export class RadixTree<H> {
  readonly #root: RadixNode<H> = { parent: undefined, tokens: [], children: new Map(), heads: new Set() };
  readonly #ends = new Map<H, RadixNode<H>>();

  /** A new head with the list of another, or with none. Cost: none. */
  add(head: H, like?: H): void {
    const end = like === undefined ? this.#root : this.#ends.get(like);
    this.#put(head, end ?? this.#root);
  }

  /** Cost: O(tokens), and where lists part or join within a run, O(that run). */
  extend(head: H, tokens: readonly Token[]): void {
    const end = this.#ends.get(head);
    if (!end || tokens.length === 0) return;
    if (end !== this.#root && end.heads.size === 1 && end.children.size === 0) {
      // Nobody else is here: its run grows in place.
      for (const token of tokens) end.tokens.push(token);
      return;
    }
    end.heads.delete(head);
    this.#put(head, this.#grow(end, tokens));
    this.#tidy(end);
  }

  /** The list of a head; empty for one that is not here. Cost: O(tokens). */
  tokensOf(head: H): Token[] {
    const runs: Token[][] = [];
    for (let node = this.#ends.get(head); node; node = node.parent) runs.push(node.tokens);
    return runs.reverse().flat();
  }

  remove(head: H): void {
    const end = this.#ends.get(head);
    this.#ends.delete(head);
    end?.heads.delete(head);
    if (end) this.#tidy(end);
  }

  /**
   * A head that has the longest beginning of `tokens`, and how long that is: `any`where in its list, or as all of it,
   * up to its `head`. Undefined where that would be empty. Cost: O(tokens + heads).
   */
  longestPrefix(tokens: readonly Token[], at: "any" | "head"): { head: H; length: number } | undefined {
    let node = this.#root;
    let length = 0;
    let found: { node: RadixNode<H>; length: number } | undefined;
    for (let child = node.children.get(tokens[0] as Token); child; child = node.children.get(tokens[length] as Token)) {
      const common = commonLength(child.tokens, tokens, length);
      const isWhole = common === child.tokens.length;
      length += common;
      if (at === "any" || (isWhole && child.heads.size > 0)) found = { node: child, length };
      if (!isWhole) break;
      node = child;
    }
    return found && { head: firstHead(found.node), length: found.length };
  }

  #put(head: H, node: RadixNode<H>): void {
    node.heads.add(head);
    this.#ends.set(head, node);
  }

  /** The node at the end of `tokens` below `node`. */
  #grow(node: RadixNode<H>, tokens: readonly Token[]): RadixNode<H> {
    let here = node;
    for (let at = 0; at < tokens.length; ) {
      const child = here.children.get(tokens[at] as Token);
      if (!child) return attach(here, { tokens: tokens.slice(at), children: new Map(), heads: new Set() });
      const common = commonLength(child.tokens, tokens, at);
      here = common < child.tokens.length ? split(child, common) : child;
      at += common;
    }
    return here;
  }

  /** After a node has lost a head or a child: it goes where nothing needs it. */
  #tidy(node: RadixNode<H>): void {
    const { parent } = node;
    if (!parent || node.heads.size > 0 || node.children.size > 1) return;
    const [child] = node.children.values();
    if (child) {
      // The child stays, since heads know it; the array of the node does, since it is the longer one of most pairs.
      for (const token of child.tokens) node.tokens.push(token);
      attach(parent, Object.assign(child, { tokens: node.tokens }));
    } else {
      parent.children.delete(node.tokens[0] as Token);
      this.#tidy(parent);
    }
  }
}

function attach<H>(parent: RadixNode<H>, part: Omit<RadixNode<H>, "parent">): RadixNode<H> {
  const node: RadixNode<H> = Object.assign(part, { parent });
  parent.children.set(node.tokens[0] as Token, node);
  return node;
}

/** Ends a run after `length` tokens; gives the node there. The rest stays the node that it was, for its heads know it. */
function split<H>(node: RadixNode<H>, length: number): RadixNode<H> {
  const tokens = node.tokens.splice(0, length);
  const upper = attach(node.parent as RadixNode<H>, { tokens, children: new Map(), heads: new Set() });
  attach(upper, node);
  return upper;
}

/** The first head at or below a node. On the way every node has two children: there are no more of them than heads. */
function firstHead<H>(node: RadixNode<H>): H {
  let here = node;
  for (;;) {
    for (const head of here.heads) return head;
    [here] = here.children.values() as unknown as [RadixNode<H>];
  }
}

/** How many tokens of `run` stand in `tokens` from `at` on. */
function commonLength(run: readonly Token[], tokens: readonly Token[], at: number): number {
  const most = Math.min(run.length, tokens.length - at);
  let common = 0;
  while (common < most && run[common] === tokens[at + common]) common++;
  return common;
}
