import { describe, expect, it } from "vitest";
import { type ArmName, armNames } from "./arms.ts";
import { floorMs } from "./floor.ts";
import { pointOf, type Round } from "./point.ts";
import { missedBars } from "./tree.ts";
import { tokenCounts } from "./workload.ts";

const shape = { agents: 8, spine: 1000 };
const rates = { prefill: 400, decode: 50 };
const floor = floorMs(tokenCounts(shape), rates);

describe("the bars of bench tree", () => {
  it("are reached a little over the floor, with peers twice as slow", () => {
    expect(missedOf(1.1, 2.3)).toEqual([]);
  });

  it("are missed where ours is slow", () => {
    expect(missedOf(1.2, 4)).toEqual(["8 agents, spine 1000: 1.2 x the floor; the bar is 1.15"]);
  });

  it("are missed where one peer is fast", () => {
    const missed = missedOf(1, 4, { "node-llama-cpp": 1.9 });
    expect(missed).toEqual(["8 agents, spine 1000: the better peer takes 1.9 x as long; the bar is 2"]);
  });

  it("do not hold for a slot that a client restored", () => {
    expect(missedOf(1, 4, { "llama-server, slot restored": 1.1 })).toEqual([]);
  });
});

/** Where ours takes `ours` times the floor, and the others `others`, unless said otherwise. */
function missedOf(ours: number, others: number, otherwise: Partial<Record<ArmName, number>> = {}): string[] {
  const arms = Object.fromEntries(
    armNames.map((name) => {
      const spines = ["llama-server", "node-llama-cpp"].includes(name) ? shape.agents : 1;
      const slowness = name === "ours" ? ours : (otherwise[name] ?? others);
      return [name, { wallMs: floor * slowness, evaluated: tokenCounts(shape, spines), generated: 8 * 3 * 48 }];
    }),
  ) as Round["arms"];
  return missedBars({ threads: 2, points: [pointOf(shape, [{ rates, arms }])] });
}
