import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CallQueue, type QueuedCall } from "./call-queue.ts";

interface TestCall extends QueuedCall {
  readonly id: number;
  readonly isBad: boolean;
}

const rowsMax = { prefill: 6, tick: 4 };
const aCall = fc.record({
  lane: fc.constantFrom("prefill" as const, "tick" as const, undefined),
  rows: fc.integer({ min: 1, max: 8 }),
  isBad: fc.nat(5).map((draw) => draw === 0),
});
/** Groups of calls; each group is made in a turn of its own. */
const someTurns = fc.array(fc.array(aCall, { maxLength: 6 }), { maxLength: 6 });

it("gives every call the outcome that it would have alone, one bounded batch after the other, the oldest call in each", () =>
  fc.assert(
    fc.asyncProperty(someTurns, async (turns) => {
      const waiting: number[] = [];
      let isFlying = false;
      const queue = new CallQueue<TestCall, readonly number[]>(rowsMax, async (batch) => {
        expect(isFlying).toBe(false);
        isFlying = true;
        const rows = batch.reduce((sum, call) => sum + call.rows, 0);
        const lanes = new Set(batch.map(({ lane }) => lane));
        if (batch.length > 1) {
          const [lane] = lanes;
          expect(lanes.size).toBe(1);
          expect(rows).toBeLessThanOrEqual(lane ? rowsMax[lane] : 0);
          expect(batch[0]?.id).toBe(waiting[0]);
        }
        await setImmediate();
        isFlying = false;
        if (batch.some(({ isBad }) => isBad)) throw new Error(batch.map(({ id }) => id).join());
        return batch.map(({ id }) => id);
      });
      const outcomes: Promise<void>[] = [];
      let id = 0;
      for (const turn of turns) {
        for (const each of turn) {
          const call = { ...each, id: id++ };
          waiting.push(call.id);
          const ended = queue.add(call).then(
            (written) => {
              waiting.splice(waiting.indexOf(call.id), 1);
              expect(call.isBad).toBe(false);
              expect(written).toContain(call.id);
            },
            (error: Error) => {
              waiting.splice(waiting.indexOf(call.id), 1);
              expect([call.isBad, error.message]).toEqual([true, String(call.id)]);
            },
          );
          outcomes.push(ended);
        }
        await setImmediate();
      }
      await Promise.all(outcomes);
      expect(waiting).toEqual([]);
    }),
  ));

it("runs a lone call within the call that makes it", async () => {
  const flown: number[] = [];
  const queue = new CallQueue<TestCall, void>(rowsMax, async (batch) => {
    flown.push(...batch.map(({ id }) => id));
  });
  for (let id = 0; id < 3; id++) {
    const call = queue.add({ id, lane: "tick", rows: 1, isBad: false });
    expect(flown.at(-1)).toBe(id);
    await call;
  }
});
