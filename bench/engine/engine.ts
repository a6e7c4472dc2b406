import { ensureModel } from "@lloyal-labs/models";
import { createContext } from "../../scripts/lib/context.mjs";
import type { BenchTarget } from "../arms.ts";
import { type ForkCost, forkCosts, type MaterialiseCost, materialiseCosts } from "./fork-cost.ts";
import { type MemoryCost, memoryCosts } from "./memory.ts";
import { buildNativePrograms } from "./native-programs.ts";
import { benchOutAndBack, missedBars as missedByStates, type OutAndBack } from "./out-and-back.ts";
import { benchStall, missedBars as missedByStall, type StallResult } from "./stall.ts";
import { type TickShare, tickShares } from "./tick-share.ts";

interface EngineResult {
  tickShares: Record<string, TickShare[]>;
  forkCosts: ForkCost[];
  materialiseCosts: MaterialiseCost[];
  memoryCosts: MemoryCost[];
  stall: StallResult;
  outAndBack: OutAndBack;
}

const models = ["smollm2-135m", "qwen2.5-coder-0.5b"];

/** What the runtime costs over raw llama.cpp. */
export async function benchEngine(target: BenchTarget): Promise<EngineResult> {
  const programs = await buildNativePrograms(createContext(new AbortController().signal));
  const shares: Record<string, TickShare[]> = {};
  for (const model of models) shares[model] = await tickShares(await ensureModel(model));
  return {
    tickShares: shares,
    forkCosts: await forkCosts(),
    materialiseCosts: await materialiseCosts(programs),
    memoryCosts: await memoryCosts(programs, await ensureModel("smollm2-135m")),
    stall: await benchStall(target),
    outAndBack: await benchOutAndBack(await ensureModel("smollm2-135m")),
  };
}

const mostOfTick = { greedy: 0.03, sampled: 0.07 };
const mostOfForkUs = 20;
const mostOverBareCopy = 1.2;
const mostBeyondMb = 20;

/** The bars of this bench that are missed. */
export function missedBars({
  tickShares,
  forkCosts,
  materialiseCosts,
  memoryCosts,
  stall,
  outAndBack,
}: EngineResult): string[] {
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
  const copies = materialiseCosts
    .filter(({ materialiseUs, bareUs }) => !(materialiseUs <= mostOverBareCopy * bareUs))
    .map(
      ({ cells, materialiseUs, bareUs }) =>
        `a fork of ${cells} cells is carried out in ${materialiseUs} us; a bare copy takes ${bareUs}, the bar is ${mostOverBareCopy} x`,
    );
  const memory = memoryCosts
    .filter(({ beyondMb, rowsMb }) => !(beyondMb < mostBeyondMb + rowsMb))
    .map(
      ({ branches, beyondMb, rowsMb }) =>
        `${branches} branches take ${beyondMb} MB beyond llama.cpp's own; the bar is ${mostBeyondMb} and ${rowsMb} of rows`,
    );
  return [...shares, ...forks, ...copies, ...memory, ...missedByStall(stall), ...missedByStates(outAndBack)];
}
