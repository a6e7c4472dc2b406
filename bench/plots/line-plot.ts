/** A curve: y over the x values of its plot, left out where it is undefined. */
export interface Series {
  name: string;
  y: readonly (number | undefined)[];
}

export interface LinePlot {
  title: string;
  xLabel: string;
  yLabel: string;
  /** Evenly spaced, whatever their values: 1, 2, 4, 8 reads better so. */
  x: readonly (number | string)[];
  series: readonly Series[];
  /** A dashed line at this height, with its name. */
  bar?: { y: number; name: string };
}

const [width, height] = [640, 360];
const frame = { left: 64, right: 620, top: 44, bottom: 270 };
/** Told apart by most eyes, on white and on black. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const ink = "#808080";

/** The plot as an SVG file without a background, readable on light and dark pages. The y axis begins at zero. */
export function linePlot({ title, xLabel, yLabel, x, series, bar }: LinePlot): string {
  const values = series.flatMap(({ y }) => y.filter((value) => value !== undefined));
  const step = niceStep(Math.max(...values, bar?.y ?? 0) / 5);
  const most = step * Math.max(1, Math.ceil(Math.max(...values, bar?.y ?? 0) / step));
  const at = (index: number) => round(frame.left + ((index + 0.5) / x.length) * (frame.right - frame.left));
  const up = (value: number) => round(frame.bottom - (value / most) * (frame.bottom - frame.top));

  const grid = Array.from({ length: Math.round(most / step) + 1 }, (_, i) => round(i * step)).map(
    (value) =>
      `<path d="M${frame.left} ${up(value)}H${frame.right}" stroke="${ink}" stroke-opacity="0.25"/>` +
      text(frame.left - 8, up(value) + 4, String(value), "end"),
  );
  const ticks = x.map((value, i) => text(at(i), frame.bottom + 18, String(value), "middle"));
  const curves = series.map(({ y }, i) => {
    const colour = colours[i % colours.length];
    const points = y.flatMap((value, j) => (value === undefined ? [] : [[at(j), up(value)] as const]));
    const path = points.map(([px, py], j) => `${j ? "L" : "M"}${px} ${py}`).join("");
    const dots = points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${colour}"/>`).join("");
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`;
  });
  const legend = series.map(({ name }, i) => {
    const [lx, ly] = [frame.left + (i % 3) * 190, 318 + Math.floor(i / 3) * 18];
    const mark = `<path d="M${lx} ${ly - 4}h18" stroke="${colours[i % colours.length]}" stroke-width="3"/>`;
    return mark + text(lx + 24, ly, name, "start");
  });
  const goal = bar
    ? `<path d="M${frame.left} ${up(bar.y)}H${frame.right}" stroke="${ink}" stroke-dasharray="6 4"/>` +
      text(frame.right, up(bar.y) - 5, bar.name, "end")
    : "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${ink}">`,
    `<title>${escapeXml(title)}</title>`,
    text(frame.left, 20, title, "start"),
    text(frame.left, 36, yLabel, "start"),
    text((frame.left + frame.right) / 2, frame.bottom + 34, xLabel, "middle"),
    ...grid,
    ...ticks,
    goal,
    ...curves,
    ...legend,
    "</svg>",
    "",
  ]
    .filter((line, i, all) => line !== "" || i === all.length - 1)
    .join("\n");
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
