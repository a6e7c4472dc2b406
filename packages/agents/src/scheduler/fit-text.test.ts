import { createSimulatedContext } from "@lloyal-labs/sdk/testing";
import { describe, expect, it } from "vitest";
import { fitResults } from "./fit-text.ts";
import { shortText } from "./measure-text.ts";

const { language } = createSimulatedContext({});
const fit = (text: string, tokensMax: number) =>
  fitResults(language, [{ name: "search", measured: shortText(text) }], tokensMax);

describe("the results of a turn", () => {
  it("stay whole where they fit", () => {
    expect(fit("one\ntwo", 1000)?.texts).toEqual(["one\ntwo"]);
  });

  it("are cut at a line, and say so", () => {
    const text = Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n");
    const fitted = fit(text, 300);
    expect(fitted?.tokens.length).toBeLessThanOrEqual(300);
    expect(fitted?.texts[0]).toMatch(/^line 0\n[\s\S]*line \d+\n\[cut: \d+ of \d+ characters shown\]$/);
  });

  it("are never cut inside a character", () => {
    for (let tokensMax = 390; tokensMax < 410; tokensMax++) {
      const text = fit("😀".repeat(1000), tokensMax)?.texts[0] ?? "";
      expect(text).toContain("[cut:");
      expect(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "")).not.toMatch(/[\ud800-\udfff]/);
    }
  });

  it("are undefined where not even the frame fits", () => {
    expect(fit("text", 3)).toBeUndefined();
  });
});
