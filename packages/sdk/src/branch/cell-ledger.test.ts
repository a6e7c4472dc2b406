import fc from "fast-check";
import { expect, it } from "vitest";
import { CellLedger, type CellSegment } from "./cell-ledger.ts";

interface Model {
  tail: CellSegment;
  cells: symbol[];
}

it("counts what a map from branch to its cells counts, for any order of fork, extend and release", () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("open", "fork", "extend", "release"), fc.nat(), fc.nat(20))),
      (steps) => {
        const ledger = new CellLedger(1_000_000);
        const branches: Model[] = [];
        for (const [kind, pick, count] of steps) {
          const at = branches.length === 0 ? undefined : branches[pick % branches.length];
          if (kind === "open") branches.push({ tail: ledger.open(), cells: [] });
          else if (at && kind === "fork") {
            // At its head, or as far back as it goes.
            const back = count > 10 ? 0 : Math.min(count, at.cells.length);
            const child = ledger.fork(at.tail, back);
            branches.push({ tail: child, cells: at.cells.slice(0, at.cells.length - back) });
          } else if (at && kind === "extend") {
            ledger.extend(at.tail, count);
            for (let i = 0; i < count; i++) at.cells.push(Symbol());
          } else if (at && kind === "release") {
            ledger.release(at.tail);
            branches.splice(branches.indexOf(at), 1);
          }
          const holders = new Map<symbol, number>();
          for (const cell of branches.flatMap(({ cells }) => cells)) holders.set(cell, (holders.get(cell) ?? 0) + 1);
          const shared = [...holders.values()].filter((count) => count > 1).length;
          expect(ledger.pressure()).toMatchObject({ used: holders.size, shared, private: holders.size - shared });
        }
        for (const { tail } of branches) ledger.release(tail);
        expect(ledger.pressure()).toMatchObject({ used: 0, shared: 0, private: 0 });
      },
    ),
  ));

it("takes a reservation from what is free, and gives it back once", () => {
  const ledger = new CellLedger(100);
  const held = ledger.reserve(30);
  expect(ledger.pressure()).toEqual({ nCtx: 100, used: 0, shared: 0, private: 0, reserved: 30, free: 70 });
  held.release();
  held.release();
  expect(ledger.pressure().free).toBe(100);
});
