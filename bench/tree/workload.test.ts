import { describe, expect, it } from "vitest";
import { agentTokens, generatedPerTurn, tokenCounts, treeWorkload, turns } from "./workload.ts";

const shape = { agents: 3, spine: 50 };

describe("the tree workload", () => {
  it("is the same for the same seed and another for another", () => {
    expect(treeWorkload(shape)).toEqual(treeWorkload(shape));
    expect(treeWorkload(shape, 2).spineTokens).not.toEqual(treeWorkload(shape).spineTokens);
  });

  it("gives every agent a task and results of its own", () => {
    const { deltas } = treeWorkload(shape);
    expect(deltas.map((agent) => agent.map(({ length }) => length))).toEqual(Array(3).fill([60, 200, 200]));
    expect(new Set(deltas.flat().map((delta) => delta.join())).size).toBe(9);
  });

  it("counts what a rebuild of it evaluates", () => {
    const { spineTokens, deltas } = treeWorkload(shape);
    const counted = { prefilled: spineTokens.length, decoded: 0 };
    for (const agent of deltas)
      for (const [turn, delta] of agent.entries()) {
        counted.prefilled += (turn > 0 ? 1 : 0) + delta.length;
        counted.decoded += generatedPerTurn - 1;
      }
    expect(tokenCounts(shape)).toEqual(counted);
    expect(tokenCounts(shape, 3).prefilled).toBe(counted.prefilled + 2 * 50);
  });

  it("knows how long one agent gets", () => {
    const [deltas = []] = treeWorkload(shape).deltas;
    expect(agentTokens(50)).toBe(50 + deltas.flat().length + turns * generatedPerTurn);
  });
});
