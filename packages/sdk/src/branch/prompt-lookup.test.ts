import { describe, expect, it } from "vitest";
import { Random } from "../testing/trees/random.ts";
import { PromptLookup } from "./prompt-lookup.ts";

describe("PromptLookup", () => {
  it("guesses what followed the same three tokens, in whatever branch", () => {
    const lookup = new PromptLookup();
    lookup.opened(1, undefined);
    lookup.wrote(1, [1, 2, 3, 4, 5, 6, 7]);
    lookup.opened(2, undefined);
    lookup.wrote(2, [9, 2, 3]);
    expect(lookup.draft(2, [4], 8)).toEqual([5, 6, 7]);
    expect(lookup.draft(2, [4], 2)).toEqual([5, 6]);
    expect(lookup.draft(2, [4, 5], 8)).toEqual([6, 7]);
    expect(lookup.draft(2, [5], 8)).toEqual([]);
    expect(lookup.draft(2, [7], 8)).toEqual([]);
  });

  it("prefers what was written last, and knows a branch that is closed", () => {
    const lookup = new PromptLookup();
    for (const [branch, last] of [
      [1, 10],
      [2, 20],
    ] as const) {
      lookup.opened(branch, undefined);
      lookup.wrote(branch, [1, 2, 3, last]);
      lookup.closed(branch);
    }
    lookup.opened(3, undefined);
    expect(lookup.draft(3, [1, 2, 3], 4)).toEqual([20]);
  });

  it("follows a fork from where it left its parent", () => {
    const lookup = new PromptLookup();
    lookup.opened(1, undefined);
    lookup.wrote(1, [1, 2]);
    lookup.opened(2, 1);
    lookup.wrote(2, [3, 4, 5]);
    lookup.opened(3, undefined);
    expect(lookup.draft(3, [1, 2, 3], 4)).toEqual([4, 5]);
  });

  // Keys that share a place in the table put each other out: then there is no guess.
  it("agrees with a search through the newest tokens where it guesses, at any age of its ring", () => {
    let found = 0;
    let guessed = 0;
    for (let seed = 1; seed <= Number(process.env.LLOYAL_RUNS ?? 20); seed++) {
      const random = new Random(seed);
      const capacity = 1024;
      const lookup = new PromptLookup(capacity);
      lookup.opened(1, undefined);
      const written: number[] = [];
      for (let round = 0; round < 60; round++) {
        const tokens = Array.from({ length: 1 + random.below(90) }, () => random.below(6));
        lookup.wrote(1, tokens);
        written.push(...tokens);
        const ahead = [random.below(6)];
        const expected = plain(written, ahead, 5, capacity);
        const guesses = lookup.draft(1, ahead, 5);
        if (guesses.length > 0) expect(guesses, `seed ${seed}`).toEqual(expected);
        found += Number(expected.length > 0);
        guessed += Number(guesses.length > 0);
      }
    }
    expect(guessed / found).toBeGreaterThan(0.75);
  });
});

/** What followed the newest earlier occurrence of the last three tokens; nothing that is older than the ring. */
function plain(written: readonly number[], ahead: readonly number[], most: number, capacity: number): number[] {
  const last = [...written, ...ahead].slice(-3);
  for (let end = written.length - 2; end >= Math.max(2, written.length - capacity); end--) {
    if (last.every((token, i) => written[end - 2 + i] === token)) return written.slice(end + 1, end + 1 + most);
  }
  return [];
}
