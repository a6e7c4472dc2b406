import { BranchHasChildrenError } from "../errors.ts";

/** A node of the branch tree, whatever else it carries. */
export interface LineageNode<N> {
  readonly id: number;
  parent: N | undefined;
  readonly children: Set<N>;
}

/** RESTRICT: throws BranchHasChildrenError when children live, and changes nothing. */
export function assertLeaf<N extends LineageNode<N>>(node: N): void {
  if (node.children.size > 0) throw new BranchHasChildrenError({ branch: node.id, children: node.children.size });
}

/** CASCADE order: every node after all of its descendants. Iterative, because a tree may be deep. */
export function subtreePostOrder<N extends LineageNode<N>>(root: N): N[] {
  const order: N[] = [];
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    order.push(node);
    pending.push(...node.children);
  }
  return order.reverse();
}

/** Every node before its descendants, oldest children first. */
export function subtreePreOrder<N extends LineageNode<N>>(root: N): N[] {
  const order: N[] = [];
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    order.push(node);
    pending.push(...[...node.children].reverse());
  }
  return order;
}

export function adopt<N extends LineageNode<N>>(parent: N, child: N): void {
  child.parent = parent;
  parent.children.add(child);
}

export function orphan<N extends LineageNode<N>>(node: N): void {
  node.parent?.children.delete(node);
  node.parent = undefined;
}
