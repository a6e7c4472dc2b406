/** The value below which a share of `q` of the values lies, to a thousandth. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
