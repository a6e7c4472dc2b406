import { describe, expect, it } from "vitest";
import { type LinePlot, linePlot } from "./line-plot.ts";

const plot: LinePlot = {
  title: "a < b & c",
  xLabel: "agents",
  yLabel: "seconds",
  x: [1, 2, 4],
  series: [
    { name: "ours", y: [0, 5, 10] },
    { name: "other", y: [10, undefined, 10] },
  ],
};

describe("a line plot", () => {
  it("draws zero at the bottom and the greatest value at the top", () => {
    const [first = ""] = pathsOf(linePlot(plot));
    expect(first).toBe("M156.667 270L342 157L527.333 44");
  });

  it("draws equal values of two curves at one height and leaves out what is undefined", () => {
    const [, second = ""] = pathsOf(linePlot(plot));
    expect(second).toBe("M156.667 44L527.333 44");
  });

  it("keeps the bar inside of the frame", () => {
    const svg = linePlot({ ...plot, bar: { y: 37, name: "bar" } });
    const [, y = ""] = /d="M64 ([\d.]+)H620" stroke="#808080" stroke-dasharray/.exec(svg) ?? [];
    expect(Number(y)).toBeGreaterThanOrEqual(44);
    expect(Number(y)).toBeLessThan(270);
  });

  it("escapes what XML would read as its own", () => {
    const svg = linePlot(plot);
    expect(svg).toContain("a &lt; b &amp; c");
    expect(svg).not.toContain("a < b");
  });

  it("draws nothing but zeros, too", () => {
    expect(linePlot({ ...plot, series: [{ name: "none", y: [0, 0, 0] }] })).not.toContain("NaN");
  });
});

/** The curves: the only paths of that width. */
function pathsOf(svg: string): string[] {
  return [...svg.matchAll(/<path d="([^"]+)" fill="none"/g)].map(([, path = ""]) => path);
}
