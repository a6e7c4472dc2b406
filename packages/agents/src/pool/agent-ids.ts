import type { BranchStore } from "@lloyal-labs/sdk";

const counters = new WeakMap<BranchStore, number>();

/** `a1`, `a2`, … in the order of request, per store: the same run gives the same ids. */
export function nextAgentId(store: BranchStore): string {
  const next = (counters.get(store) ?? 0) + 1;
  counters.set(store, next);
  return `a${next}`;
}
