import { expect, it } from "vitest";
import type { Token } from "../backend/ids.ts";
import { createSimulatedContext } from "../testing/simulated-backend.ts";
import { Branch } from "./branch.ts";
import { BranchStore } from "./branch-store.ts";
import type { Drafter } from "./drafter.ts";

/** Puts down what it hears: the text of each branch, where a child begins with what its parent has at that moment. */
function scribe(): Drafter & { texts: Map<number, Token[]> } {
  const texts = new Map<number, Token[]>();
  return {
    texts,
    opened(branch, parent) {
      texts.set(branch, parent === undefined ? [] : [...(texts.get(parent) as Token[])]);
    },
    wrote: (branch, tokens) => void texts.get(branch)?.push(...tokens),
    closed: (branch) => void texts.delete(branch),
    draft: () => [],
  };
}

it("tells one who comes late what one heard who was there from the start", async () => {
  const ctx = createSimulatedContext();
  const store = new BranchStore(ctx);
  const early = scribe();
  store.draftWith(early);

  const root = Branch.create(ctx, 0);
  await root.prefill([1, 2, 3]);
  const first = root.forkSync();
  await root.prefill([4, 5]);
  const second = root.forkSync();
  await first.prefill([6]);
  const nested = first.forkSync();
  await store.prefill([
    [root, [7]],
    [second, [8, 9]],
    [nested, [10]],
  ]);
  const other = Branch.create(ctx, 0);
  await other.prefill([11]);
  await nested.park();
  root.forkSync().pruneSync();

  const late = scribe();
  store.draftWith(late);
  expect(Object.fromEntries(late.texts)).toEqual(Object.fromEntries(early.texts));
  expect(late.texts.get(nested.id)).toEqual([1, 2, 3, 6, 10]);
  await root.prefill([12]);
  expect(late.texts.get(root.forkSync().id)).toEqual([1, 2, 3, 4, 5, 7, 12]);
});
