import { expect, it } from "vitest";
import { tickBoundMs } from "./bound.ts";
import { cellBytes, modelShapes, tensorsOf } from "./model-shapes.ts";

it("reads the shared prefix once, whatever the number of branches", () => {
  const model = { weightBytes: 2_500_000_000, cellBytes: cellBytes(modelShapes["qwen3-4b"]) };
  expect(model.cellBytes).toBe(144 * 1024);
  const one = tickBoundMs({ branches: 1, prefix: 4096, own: 0 }, model, 4.8e12);
  expect(tickBoundMs({ branches: 64, prefix: 4096, own: 0 }, model, 4.8e12)).toBe(one);
  expect(tickBoundMs({ branches: 64, prefix: 0, own: 64 }, model, 4.8e12)).toBeCloseTo(one, 9);
});

it("gives a model of the named size", () => {
  const weights = tensorsOf(modelShapes["qwen3-4b"]).reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b), 0);
  expect(weights / 1e9).toBeCloseTo(4.02, 2);
});
