import type { Token } from "../backend/ids.ts";
import type { BranchNode } from "./branch-node.ts";
import type { Drafter } from "./drafter.ts";

/** Tells a drafter of branches as if it had been there: what each wrote before a child left it, then of the child. */
export function tellOfLiving(
  drafter: Drafter,
  living: Iterable<BranchNode>,
  tokensOf: (node: BranchNode) => readonly Token[],
): void {
  const opened = [...living].filter(({ parent }) => !parent);
  for (const { id } of opened) drafter.opened(id, undefined);
  for (const node of opened) {
    const tokens = tokensOf(node);
    let at = node.forkHead;
    const writeTo = (end: number) => {
      if (end > at) drafter.wrote(node.id, tokens.slice(at, end));
      at = end;
    };
    for (const child of [...node.children].sort((a, b) => a.forkHead - b.forkHead)) {
      writeTo(child.forkHead);
      drafter.opened(child.id, node.id);
      opened.push(child);
    }
    writeTo(tokens.length);
  }
}
