import fc from "fast-check";
import { expect, it } from "vitest";
import { NumberSet } from "./number-set.ts";

it("knows what was added, and nothing else", () => {
  // Close numbers fall into one part and one slot; many make its parts grow.
  const number = fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 1, max: 300 }).map((n) => n * 4096),
    fc.maxSafeInteger().map((n) => Math.max(1, Math.abs(n))),
  );
  fc.assert(
    fc.property(fc.array(number, { maxLength: 2000, size: "max" }), (numbers) => {
      const set = new NumberSet();
      const model = new Set<number>();
      for (const each of numbers) {
        expect(set.add(each)).toBe(!model.has(each));
        model.add(each);
      }
      for (const each of model) expect(set.add(each)).toBe(false);
    }),
  );
});
