import { expect, it } from "vitest";
import { floorMs } from "./floor.ts";

it("is the sum of both parts at their rates, in milliseconds", () => {
  expect(floorMs({ prefilled: 300, decoded: 50 }, { prefill: 100, decode: 25 })).toBe(5000);
});
