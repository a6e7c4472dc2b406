import { ensureModel } from "@lloyal-labs/models";
import type { BenchTarget } from "../arms.ts";
import { type ForkCost, forkCosts } from "./fork-cost.ts";
import { benchStall, missedBars as missedByStall, type StallResult } from "./stall.ts";
import { type TickShare, tickShares } from "./tick-share.ts";

interface EngineResult {
  tickShares: Record<string, TickShare[]>;
  forkCosts: ForkCost[];
  stall: StallResult;
}

const models = ["smollm2-135m", "qwen2.5-coder-0.5b"];

/** What the runtime costs over raw llama.cpp. */
export async function benchEngine(target: BenchTarget): Promise<EngineResult> {
  const shares: Record<string, TickShare[]> = {};
  for (const model of models) shares[model] = await tickShares(await ensureModel(model));
  return { tickShares: shares, forkCosts: await forkCosts(), stall: await benchStall(target) };
}

const mostOfTick = { greedy: 0.03, sampled: 0.07 };
const mostOfForkUs = 20;

/** The bars of this bench that are missed. */
export function missedBars({ tickShares, forkCosts, stall }: EngineResult): string[] {
  const shares = Object.entries(tickShares).flatMap(([model, all]) =>
    all
      .filter(({ share, sampling }) => !(share <= mostOfTick[sampling]))
      .map(
        ({ share, sampling, branches }) =>
          `${model}, ${branches} branches, ${sampling}: ${share} of a tick is not llama_decode; the bar is ${mostOfTick[sampling]}`,
      ),
  );
  const forks = forkCosts
    .filter(({ medianUs }) => !(medianUs <= mostOfForkUs))
    .map(({ cells, medianUs }) => `a fork at ${cells} cells takes ${medianUs} us; the bar is ${mostOfForkUs}`);
  return [...shares, ...forks, ...missedByStall(stall)];
}
