import { quantile, round } from "../figures.ts";
import type { ArmRun } from "./arm.ts";
import { type ArmName, armNames } from "./arms.ts";
import { floorMs, type RawRates } from "./floor.ts";
import { generatedPerTurn, type TokenCounts, type TreeShape, tokenCounts, turns } from "./workload.ts";

/** One pass over all arms at one shape, with llama.cpp's raw rates from the same minutes. */
export interface Round {
  rates: RawRates;
  arms: Record<ArmName, ArmRun>;
}

/** A point of the curve: medians over its rounds. */
export interface TreePoint extends TreeShape {
  ideal: TokenCounts;
  floorSeconds: number;
  seconds: Record<ArmName, number>;
  /** Ours over the floor. */
  overFloor: number;
  /** The better of the two peers, as any client uses them, over ours. */
  overPeers: number;
  /** The best of all other arms over ours. */
  overAll: number;
  rounds: Round[];
}

/** Those that need no client that knows of slots. */
const plainPeers: readonly ArmName[] = ["llama-server", "node-llama-cpp"];

export function pointOf(shape: TreeShape, rounds: Round[]): TreePoint {
  const ideal = tokenCounts(shape);
  const floor = median(rounds.map(({ rates }) => floorMs(ideal, rates))) / 1000;
  const seconds = Object.fromEntries(
    armNames.map((name) => [name, median(rounds.map(({ arms }) => arms[name].wallMs)) / 1000]),
  ) as Record<ArmName, number>;
  const best = (names: readonly ArmName[]) => Math.min(...names.map((name) => seconds[name]));
  return {
    ...shape,
    ideal,
    floorSeconds: round(floor),
    seconds: Object.fromEntries(armNames.map((name) => [name, round(seconds[name])])) as Record<ArmName, number>,
    overFloor: round(seconds.ours / floor),
    overPeers: round(best(plainPeers) / seconds.ours),
    overAll: round(best(armNames.filter((name) => name !== "ours")) / seconds.ours),
    rounds,
  };
}

/** Arms that did something else than the workload asks for: their times would say nothing. */
export function otherWork({ agents, spine, rounds }: TreePoint): string[] {
  const generated = agents * turns * generatedPerTurn;
  return rounds.flatMap(({ arms }) =>
    armNames.flatMap((name) => {
      const { prefilled, decoded } = tokenCounts({ agents, spine }, plainPeers.includes(name) ? agents : 1);
      const { evaluated, generated: got } = arms[name];
      const same = evaluated.prefilled === prefilled && evaluated.decoded === decoded && got === generated;
      const told = `${evaluated.prefilled} prefilled, ${evaluated.decoded} decoded, ${got} generated`;
      const due = `${prefilled}, ${decoded} and ${generated}`;
      return same ? [] : [`${agents} agents, spine ${spine}: ${name} did ${told}; the workload is ${due}`];
    }),
  );
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
