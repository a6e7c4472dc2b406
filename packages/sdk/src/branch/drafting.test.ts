import { describe, expect, it } from "vitest";
import type { Drafter } from "./drafter.ts";
import { Drafting, type DraftRow } from "./drafting.ts";

const roomy = { draftRows: 16, nUbatch: 64 };

function eager(): Drafter {
  return {
    opened() {},
    wrote() {},
    closed() {},
    draft: (_, __, most) => Array.from({ length: most + 3 }, (_, i) => i),
  };
}

function lengths(capabilities: typeof roomy, rows: readonly DraftRow[]): number[] {
  const drafting = new Drafting(capabilities);
  drafting.use(eager());
  return drafting
    .begin(rows)
    .ask(rows.map((_, entry) => ({ entry, produced: [], forced: [] })))
    .map(({ length }) => length);
}

const row = (branch: number, maxTokens?: number): DraftRow => ({ branch, token: 1, maxTokens });

describe("Drafting", () => {
  it("shares what a batch has room for among those that want guesses, and makes none in a wide one", () => {
    const wanting = (count: number) => Array.from({ length: count }, (_, i) => row(i, 99));
    const counts = [1, 2, 3, 4, 20].map((count) => lengths(roomy, wanting(count)));
    expect(counts).toEqual([[2], [2, 2], [1, 1, 1], Array(4).fill(0), Array(20).fill(0)]);
    expect(lengths(roomy, [row(1, 99), row(2), row(3), row(4), row(5)])).toEqual([1, 0, 0, 0, 0]);
  });

  it("keeps to what the engine verifies and to what a branch may produce", () => {
    expect(lengths({ draftRows: 1, nUbatch: 64 }, [row(1, 99)])).toEqual([1]);
    expect(lengths({ draftRows: 16, nUbatch: 4 }, [row(1, 99), row(2, 99)])).toEqual([1, 1]);
    expect(lengths(roomy, [row(1, 1), row(2, 2)])).toEqual([0, 1]);
  });

  it("guesses more of a branch whose guesses were right, and less of one whose were not", () => {
    const drafting = new Drafting(roomy);
    drafting.use(eager());
    // Each of these decodes finds so many of its guesses right.
    const guessed = [2, 4, 1, 0, 0, 1].map((right) => {
      const run = drafting.begin([row(1, 99)]);
      const count = run.ask([{ entry: 0, produced: [], forced: [] }])[0]?.length ?? 0;
      run.land(0, Math.min(right, count) + 1);
      return count;
    });
    expect(guessed).toEqual([2, 4, 5, 1, 1, 1]);
    expect(drafting.begin([row(1, 99)]).ask([{ entry: 0, produced: [], forced: [] }])[0]).toHaveLength(2);
  });

  it("begins with what a grammar forces, and asks for what may follow that", () => {
    const drafting = new Drafting(roomy);
    const asked: (readonly number[])[] = [];
    drafting.use({
      ...eager(),
      draft: (_, ahead, most) => {
        asked.push([...ahead, most]);
        return [50, 51];
      },
    });
    const run = drafting.begin([row(1, 99), row(2, 3)]);
    expect(
      run.ask([
        { entry: 0, produced: [7], forced: [40] },
        { entry: 1, produced: [], forced: [40, 41, 42, 43] },
      ]),
    ).toEqual([
      [40, 50],
      [40, 41],
    ]);
    expect(asked).toEqual([[1, 7, 40, 1]]);
    expect([run.land(0, 3), run.land(1, 1)]).toEqual([[{ tokens: 2, rejected: 1 }], [{ tokens: 1, rejected: 2 }]]);
  });

  it("does without a drafter that throws at news", () => {
    const drafting = new Drafting(roomy);
    drafting.use({
      ...eager(),
      wrote: () => {
        throw new RangeError("of the drafter");
      },
    });
    drafting.wrote(1, [1]);
    expect(drafting.begin([row(1, 9)]).ask([{ entry: 0, produced: [], forced: [] }])).toEqual([[]]);
  });
});
