import { expect, it } from "vitest";
import { cellsNeeded, fitAgents } from "./fit-agents.ts";

it("runs as many agents as the cells allow, and never more than wanted", () => {
  expect(fitAgents(3, cellsNeeded(3))).toBe(3);
  expect(fitAgents(3, cellsNeeded(3) - 1)).toBe(2);
  expect(fitAgents(2, 1_000_000)).toBe(2);
});

it("names the number that it needs where not one agent fits", () => {
  expect(() => fitAgents(3, 512)).toThrow(/at least 1536/);
});
