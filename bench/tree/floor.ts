import type { TokenCounts } from "./workload.ts";

/** Tokens per second of plain llama.cpp, in the workload's shapes. */
export interface RawRates {
  prefill: number;
  /** Of all rows of a tick together. */
  decode: number;
}

/** The time that the tokens take at these rates, with nothing in between. */
export function floorMs({ prefilled, decoded }: TokenCounts, { prefill, decode }: RawRates): number {
  return 1000 * (prefilled / prefill + decoded / decode);
}
