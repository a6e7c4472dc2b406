import fc from "fast-check";
import { expect, it } from "vitest";
import type { Token } from "../backend/ids.ts";
import { RadixTree } from "./radix-tree.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 300);
// Few different tokens, so that lists part, meet and follow each other all the time.
const someTokens = fc.array(fc.nat(2), { maxLength: 6 });
const step = fc.tuple(fc.constantFrom("open", "fork", "extend", "extend", "remove"), fc.nat(), someTokens);

type Lists = Map<number, Token[]>;

it("finds what a search through all lists finds, whatever was forked, written and removed before", () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const tree = new RadixTree<number>();
      const lists: Lists = new Map();
      for (const [id, [kind, pick, tokens]] of steps.entries()) {
        const at = [...lists.keys()][pick % Math.max(1, lists.size)];
        if (kind === "open") {
          tree.add(id);
          lists.set(id, []);
        } else if (at === undefined) continue;
        else if (kind === "fork") {
          tree.add(id, at);
          lists.set(id, [...(lists.get(at) ?? [])]);
        } else if (kind === "extend") {
          tree.extend(at, tokens);
          lists.get(at)?.push(...tokens);
        } else {
          tree.remove(at);
          lists.delete(at);
        }
        for (const query of queriesOf(lists, tokens)) requireFound(tree, lists, query);
      }
    }),
    { numRuns: runs },
  ));

it("asks tokens, and not branches: a list that a thousand share is walked once", () => {
  const tree = new RadixTree<number>();
  const prompt = Array.from({ length: 2000 }, (_, i) => i);
  for (let head = 0; head < 1000; head++) {
    tree.add(head);
    tree.extend(head, [...prompt, 5000 + head]);
  }
  let reads = 0;
  const counted = new Proxy(prompt, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key);
    },
  });
  expect(tree.longestPrefix(counted, "any")).toEqual({ head: 0, length: prompt.length });
  expect(reads).toBeLessThan(prompt.length + 10);
});

/** Each list as it is, cut, and with other tokens after it. */
function queriesOf(lists: Lists, tokens: Token[]): Token[][] {
  return [...lists.values()].flatMap((list) => [
    [...list, ...tokens],
    [...list.slice(0, list.length >> 1), ...tokens],
  ]);
}

function requireFound(tree: RadixTree<number>, lists: Lists, query: readonly Token[]): void {
  for (const at of ["any", "head"] as const) {
    const lengths = [...lists.values()].map((list) => {
      const differs = list.findIndex((token, i) => token !== query[i]);
      return differs === -1 ? list.length : at === "head" ? 0 : differs;
    });
    const found = tree.longestPrefix(query, at);
    expect(found?.length ?? 0).toBe(Math.max(0, ...lengths));
    if (!found) continue;
    const list = lists.get(found.head);
    expect(list?.slice(0, found.length)).toEqual(query.slice(0, found.length));
    if (at === "head") expect(list?.length).toBe(found.length);
  }
}
