import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutIntoPieces, pieceCharsMax } from "./content-pieces.ts";

// Runs of some hundred characters, so that texts are several pieces long and lines end anywhere in them.
const run = fc
  .tuple(fc.constantFrom("a", "word ", "\n", "😀", "line\n", "\ud83d"), fc.integer({ min: 1, max: 3000 }))
  .map(([unit, times]) => unit.repeat(times));
const text = fc.array(run, { maxLength: 8 }).map((runs) => runs.join(""));

describe("the pieces of content", () => {
  it("are the text when they are joined, and none is longer than the limit", () =>
    fc.assert(
      fc.property(text, (whole) => {
        const pieces = cutIntoPieces(whole);
        expect(pieces.join("")).toBe(whole);
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(pieceCharsMax);
      }),
    ));

  it("never end inside a character", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), (before) => {
        for (const piece of cutIntoPieces("a".repeat(before) + "😀".repeat(5000)))
          expect(piece).not.toMatch(/[\ud800-\udbff]$|^[\udc00-\udfff]/);
      }),
    ));

  it("end after a line where there is one not too far back", () => {
    const lines = `${"x".repeat(99)}\n`.repeat(100);
    for (const piece of cutIntoPieces(lines)) expect(piece.endsWith("\n")).toBe(true);
  });

  it("are the same for texts that begin alike, but for the last", () =>
    fc.assert(
      fc.property(text, fc.double({ min: 0, max: 1, noNaN: true }), (whole, share) => {
        const part = cutIntoPieces(whole.slice(0, Math.floor(whole.length * share)));
        expect(cutIntoPieces(whole).slice(0, part.length - 1)).toEqual(part.slice(0, -1));
      }),
    ));
});
