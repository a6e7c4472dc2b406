import type { TickShare } from "../engine/tick-share.ts";
import { armNames } from "../tree/arms.ts";
import type { TreePoint } from "../tree/point.ts";
import { linePlot } from "./line-plot.ts";

/** SVG files by their names. */
export type Plots = Record<string, string>;

/** One plot per spine: the wall time of all arms, and the floor, over the number of agents. */
export function treePlots(points: readonly TreePoint[]): Plots {
  const spines = [...new Set(points.map(({ spine }) => spine))];
  return Object.fromEntries(
    spines.map((spine) => {
      const here = points.filter((point) => point.spine === spine);
      const curves = armNames.map((name) => ({ name, y: here.map(({ seconds }) => seconds[name]) }));
      const floor = { name: "floor", y: here.map(({ floorSeconds }) => floorSeconds) };
      const svg = linePlot({
        title: `Tree workload, spine of ${spine} tokens`,
        xLabel: "agents",
        yLabel: "seconds of wall time",
        x: here.map(({ agents }) => agents),
        series: [...curves, floor],
      });
      return [`tree-${spine}.svg`, svg];
    }),
  );
}

/** What of a tick is not `llama_decode`, over the number of branches. */
export function tickSharePlot(tickShares: Record<string, readonly TickShare[]>): Plots {
  const widths = [...new Set(Object.values(tickShares).flatMap((all) => all.map(({ branches }) => branches)))];
  const series = Object.entries(tickShares).flatMap(([model, all]) =>
    (["greedy", "sampled"] as const).map((sampling) => ({
      name: `${model.split("-", 1)[0]} ${sampling}`,
      y: widths.map((width) => percent(all.find((one) => one.branches === width && one.sampling === sampling)?.share)),
    })),
  );
  const svg = linePlot({
    title: "Share of a tick that is not llama_decode, over a prefix of 1,024 tokens",
    xLabel: "branches",
    yLabel: "percent of wall time",
    x: widths,
    series,
    bar: { y: 3, name: "bar, greedy" },
  });
  return { "tick-share.svg": svg };
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}
