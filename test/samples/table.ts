import type { Sample } from "./extract.ts";

export interface Checked {
  readonly sample: Sample;
  /** What stands between the sample and its being ready; empty where it is. */
  readonly faults: readonly string[];
}

/** How many samples of each text are ready, and then each that is not, with the first of its faults. */
export function renderTable(checked: readonly Checked[]): string {
  const files = [...new Set(checked.map(({ sample }) => sample.file))];
  const lines = files.map((file) => countLine(file, (sample) => sample.file === file, checked));
  const rest = checked.filter(({ faults }) => faults.length > 0).map(faultLine);
  return [...lines, countLine("all", () => true, checked), "", ...rest].join("\n");
}

function countLine(title: string, belongs: (sample: Sample) => boolean, checked: readonly Checked[]): string {
  const share = (language: Sample["language"]) => {
    const all = checked.filter(({ sample }) => belongs(sample) && sample.language === language);
    return `${all.filter(({ faults }) => faults.length === 0).length} of ${all.length}`;
  };
  return `${title.padEnd(18)}${share("typescript").padStart(9)} samples ready,${share("command").padStart(9)} commands`;
}

function faultLine({ sample, faults: [first, ...more] }: Checked): string {
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  return `pending ${sample.file}:${sample.line} ${sample.key}\n    ${first}${others}`;
}
