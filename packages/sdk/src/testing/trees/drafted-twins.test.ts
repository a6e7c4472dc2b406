import { expect, it } from "vitest";
import type { Token } from "../../backend/ids.ts";
import { Branch } from "../../branch/branch.ts";
import { BranchStore } from "../../branch/branch-store.ts";
import { createSimulatedContext } from "../simulated-backend.ts";
import { Random } from "./random.ts";

const seeds = Number(process.env.LLOYAL_RUNS ?? 100);
// Few ways to go on, so that what was written before is often written again.
const grammars = ["root ::= [ab]{900}", 'root ::= ("abab" | "aabb, " | "c")+', undefined];
const totals = { drafted: 0, accepted: 0 };

it(`a tree with guesses equals its twin without, in ${seeds} random interleavings`, async () => {
  for (let seed = 1; seed <= seeds; seed++) await compareTwins(seed);
  expect(totals.accepted).toBeGreaterThan(seeds);
  expect(totals.drafted).toBeGreaterThan(totals.accepted);
}, 0);

/** A branch that guesses, and the same one that does not. */
type Twins = readonly [guessing: Branch, plain: Branch];

async function compareTwins(seed: number): Promise<void> {
  const random = new Random(seed);
  const options = { nCtx: 2048, nUbatch: random.pick([3, 16]), nSeqMax: 12, draftRows: random.pick([1, 16]) };
  const contexts = [createSimulatedContext(options), createSimulatedContext(options)] as const;
  const stores = contexts.map((ctx) => new BranchStore(ctx)) as [BranchStore, BranchStore];
  const living: Twins[] = [];
  for (let step = 0; step < 25; step++) {
    const twins = living.length > 0 ? random.pick(living) : undefined;
    const kind = random.below(6);
    if (!twins || (kind === 0 && living.length < 6)) {
      const params = {
        temperature: random.pick([0, 0.8]),
        repeatPenalty: random.pick([1, 1.2]),
        seed: random.below(99),
      };
      const grammar = random.pick(grammars);
      const tokens = Array.from({ length: 1 + random.below(9) }, () => 97 + random.below(2));
      const roots = contexts.map((ctx) => Branch.create(ctx, 0, params, undefined, grammar)) as [Branch, Branch];
      for (const root of roots) await root.prefill(tokens);
      living.push(roots);
    } else if (kind === 1 && living.length < 10) {
      living.push([twins[0].forkSync(), twins[1].forkSync()]);
    } else if (kind === 2 && twins[0].isLeaf) {
      for (const branch of twins) branch.pruneSync();
      living.splice(living.indexOf(twins), 1);
    } else {
      const writing = random.some(living, Math.min(3, options.nUbatch));
      const [maxTicks, length] = [1 + random.below(7), random.below(8)];
      const until = random.pick([undefined, (_: Branch, text: string) => text.length > length]);
      const [guessed, plain] = await Promise.all(
        stores.map((store, i) => {
          const rows = writing.map((each) => [each[i] as Branch, (each[i] as Branch).produceSync().token] as const);
          return store.run(rows as [Branch, Token][], { maxTicks, draft: i === 0, ...(until && { until }) });
        }),
      );
      expect(guessed, `seed ${seed}, step ${step}`).toEqual(plain);
    }
    for (const [branch, twin] of living) {
      expect([branch.position, branch.produceSync()], `seed ${seed}, step ${step}`).toEqual([
        twin.position,
        twin.produceSync(),
      ]);
    }
    expect(stores[0].pressure()).toEqual(stores[1].pressure());
    expect(await stores[0].countCells()).toBe(stores[0].pressure().used);
  }
  totals.drafted += stores[0].stats.drafted;
  totals.accepted += stores[0].stats.accepted;
  expect(stores[0].stats.ticks).toBeLessThanOrEqual(stores[1].stats.ticks);
}
