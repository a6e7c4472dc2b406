/** Finds the line of a character offset. Built once per file: `starts[n - 1]` is where line n begins. */
export function lineStarts(lines: readonly string[]): Uint32Array {
  const starts = new Uint32Array(lines.length);
  let offset = 0;
  for (const [index, line] of lines.entries()) {
    starts[index] = offset;
    offset += line.length + 1;
  }
  return starts;
}

/** The 1-based number of the line that holds `offset`. O(log lines). */
export function lineAt(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
