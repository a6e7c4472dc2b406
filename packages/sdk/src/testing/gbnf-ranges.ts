/** Code points from `low` to `high`, both included. */
export interface CodePointRange {
  low: number;
  high: number;
}

/** Sorted, and joined where they touch. */
export function mergeRanges(ranges: readonly CodePointRange[]): CodePointRange[] {
  const merged: CodePointRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.low - b.low)) {
    const last = merged.at(-1);
    if (last !== undefined && range.low <= last.high + 1) last.high = Math.max(last.high, range.high);
    else merged.push({ ...range });
  }
  return merged;
}

/** All other code points. `ranges` are sorted and apart. */
export function complement(ranges: readonly CodePointRange[]): CodePointRange[] {
  const gaps: CodePointRange[] = [];
  let low = 0;
  for (const range of ranges) {
    if (range.low > low) gaps.push({ low, high: range.low - 1 });
    low = range.high + 1;
  }
  if (low <= 0x10ffff) gaps.push({ low, high: 0x10ffff });
  return gaps;
}
