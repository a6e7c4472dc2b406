import { describe, expect, it } from "vitest";
import { Rng } from "./rng.ts";

const draws = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.unit());

describe("the random numbers of a seed", () => {
  it("are the same for the same seed and name, and others for another", () => {
    const first = draws(new Rng(1).fork("tool:3"), 5);
    expect(draws(new Rng(1).fork("tool:3"), 5)).toEqual(first);
    expect(draws(new Rng(1).fork("tool:4"), 5)).not.toEqual(first);
    expect(draws(new Rng(2).fork("tool:3"), 5)).not.toEqual(first);
  });

  it("do not shift in a fork when more is drawn before it", () => {
    const rng = new Rng(7);
    const before = draws(rng.fork("a"), 3);
    draws(rng, 10);
    expect(draws(rng.fork("a"), 3)).toEqual(before);
  });

  it("fill their range evenly", () => {
    const counts = new Array<number>(8).fill(0);
    const rng = new Rng(3);
    for (let i = 0; i < 8000; i++) counts[rng.integer(0, 7)]! += 1;
    // Five standard deviations of a binomial count.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("are as often between 256 and 1024 as between 1024 and 4096, where their logarithm is uniform", () => {
    const rng = new Rng(5);
    const sizes = Array.from({ length: 4000 }, () => rng.logInteger(256, 4096));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(256);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
    expect(Math.abs(sizes.filter((size) => size < 1024).length - 2000)).toBeLessThan(160);
  });

  it("shuffle without a loss", () => {
    const shuffled = new Rng(9).shuffle([1, 2, 3, 4, 5]);
    expect(shuffled).not.toEqual([1, 2, 3, 4, 5]);
    expect([...shuffled].sort()).toEqual([1, 2, 3, 4, 5]);
  });
});
