import { describe, expect, it } from "vitest";
import type { ArmRun } from "./arm.ts";
import { type ArmName, armNames } from "./arms.ts";
import { otherWork, pointOf, type Round } from "./point.ts";
import { tokenCounts } from "./workload.ts";

const shape = { agents: 2, spine: 100 };
const times: Record<ArmName, number> = {
  ours: 10,
  "llama-server": 40,
  "llama-server, slot restored": 15,
  "node-llama-cpp": 30,
};

describe("a point of the curve", () => {
  it("compares medians with the floor, the peers and all arms", () => {
    const ideal = tokenCounts(shape);
    const point = pointOf(shape, [roundOf(1), roundOf(3), roundOf(1)]);
    expect(point.floorSeconds).toBeCloseTo(ideal.prefilled / 100 + ideal.decoded / 50, 3);
    expect(point.seconds.ours).toBe(10);
    expect(point.overFloor).toBeCloseTo(10 / point.floorSeconds, 3);
    expect(point.overPeers).toBe(3);
    expect(point.overAll).toBe(1.5);
    expect(otherWork(point)).toEqual([]);
  });

  it("names an arm that did less than the others", () => {
    const cheat = roundOf(1);
    cheat.arms["llama-server"].evaluated.prefilled -= 1;
    expect(otherWork(pointOf(shape, [roundOf(1), cheat]))).toHaveLength(1);
  });
});

function roundOf(slowness: number): Round {
  const arms = Object.fromEntries(armNames.map((name) => [name, runOf(name, times[name] * slowness)]));
  return { rates: { prefill: 100, decode: 50 }, arms: arms as Record<ArmName, ArmRun> };
}

function runOf(name: ArmName, seconds: number): ArmRun {
  const spines = ["llama-server", "node-llama-cpp"].includes(name) ? 2 : 1;
  return { wallMs: seconds * 1000, evaluated: tokenCounts(shape, spines), generated: 2 * 3 * 48 };
}
