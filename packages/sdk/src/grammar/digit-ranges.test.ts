import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGbnf } from "../testing/gbnf-acceptor.ts";
import { digitRange, largestMagnitude } from "./digit-ranges.ts";

function accepts(low: number, high: number, text: string): boolean {
  const acceptor = compileGbnf(`root ::= ${digitRange(low, high)}`);
  const state = acceptor.advance(acceptor.start(), text);
  return state !== undefined && acceptor.canEnd(state);
}

describe("a range of digits", () => {
  it("matches every integer of a small range and none outside", () =>
    fc.assert(
      fc.property(fc.nat(1200), fc.nat(1200), (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const acceptor = compileGbnf(`root ::= ${digitRange(low, high)}`);
        for (let n = 0; n <= 1300; n++) {
          const state = acceptor.advance(acceptor.start(), String(n));
          expect(state !== undefined && acceptor.canEnd(state)).toBe(n >= low && n <= high);
        }
      }),
    ));

  it("is exact around the ends of a large range", () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const [low, high] = [Math.min(a, b) % largestMagnitude, Math.max(a, b) % largestMagnitude].sort(
          (x, y) => x - y,
        );
        for (const n of [low! - 1, low!, low! + 1, high! - 1, high!, high! + 1])
          if (n >= 0) expect(accepts(low!, high!, String(n))).toBe(n >= low! && n <= high!);
      }),
    ));

  it("has no leading zeros", () => {
    for (const text of ["00", "01", "007", ""]) expect(accepts(0, 999, text)).toBe(false);
  });

  it("is short for whole lengths", () => {
    expect(digitRange(0, largestMagnitude)).toBe('"0" | [1-9] [0-9]{0,14}');
    expect(digitRange(95, 320)).toBe('"9" [5-9] | [1-2] [0-9]{2} | "3" ([0-1] [0-9] | "2" "0")');
  });
});
