import { availableParallelism } from "node:os";
import { createContext } from "../../scripts/lib/context.mjs";
import type { ArmRun } from "./arm.ts";
import { type ArmName, armNames, createArms } from "./arms.ts";
import { ensureLlamaTools } from "./peers/llama-tools.ts";
import { ensureNodeLlamaCpp } from "./peers/node-llama-cpp-package.ts";
import { otherWork, pointOf, type Round, type TreePoint } from "./point.ts";
import { rawRates } from "./raw-rates.ts";
import { treeWorkload } from "./workload.ts";

export interface TreeOptions {
  modelPath: string;
  agents: readonly number[];
  spines: readonly number[];
  /** How often each point is measured. */
  rounds: number;
}

export interface TreeResult {
  threads: number;
  points: TreePoint[];
}

/** The tree workload at each shape: all arms in turn, so that a slow minute of the machine falls on all of them. */
export async function benchTree({ modelPath, agents, spines, rounds }: TreeOptions): Promise<TreeResult> {
  const context = createContext(new AbortController().signal);
  const tools = await ensureLlamaTools(context);
  const machine = { modelPath, threads: availableParallelism() };
  const arms = createArms({ tools, nodeLlamaCpp: await ensureNodeLlamaCpp(context) }, machine);
  const points: TreePoint[] = [];
  for (const spine of spines) {
    for (const count of agents) {
      const shape = { agents: count, spine };
      const all: Round[] = [];
      for (let i = 0; i < rounds; i++) {
        const runs: Partial<Record<ArmName, ArmRun>> = {};
        const rates = await rawRates(tools.batchedBench, shape, machine);
        for (const name of inTurn(armNames, i)) {
          runs[name] = await arms[name](treeWorkload(shape, i + 1));
          process.stderr.write(`${count} agents, spine ${spine}: ${name} ${Math.round(runs[name].wallMs)} ms\n`);
        }
        all.push({ rates, arms: runs as Record<ArmName, ArmRun> });
      }
      points.push(pointOf(shape, all));
    }
  }
  return { threads: machine.threads, points };
}

/** Another arm is the first in each round. */
function inTurn<T>(all: readonly T[], first: number): T[] {
  return all.map((_, i) => all[(i + first) % all.length] as T);
}

const mostOverFloor = 1.15;
/** By agents and spine: how much longer the better peer has to take. */
const leastOverPeers = [
  { agents: 8, spine: 1000, least: 2 },
  { agents: 8, spine: 4000, least: 3 },
];

/** The bars of this bench that are missed. */
export function missedBars({ points }: TreeResult): string[] {
  return points.flatMap((point) => {
    const { agents, spine, overFloor, overPeers } = point;
    const where = `${agents} agents, spine ${spine}`;
    const bar = leastOverPeers.find((one) => one.agents === agents && one.spine === spine);
    const missed: string[] = otherWork(point);
    if (bar && !(overFloor <= mostOverFloor))
      missed.push(`${where}: ${overFloor} x the floor; the bar is ${mostOverFloor}`);
    if (bar && !(overPeers >= bar.least))
      missed.push(`${where}: the better peer takes ${overPeers} x as long; the bar is ${bar.least}`);
    return missed;
  });
}
