import type { Arm, Machine } from "./arm.ts";
import { llamaServer } from "./llama-server-arms.ts";
import { nodeLlamaCpp } from "./node-llama-cpp-arm.ts";
import { ours } from "./ours.ts";
import type { LlamaTools } from "./peers/llama-tools.ts";

export interface Peers {
  tools: LlamaTools;
  nodeLlamaCpp: string;
}

export const armNames = ["ours", "llama-server", "llama-server, slot restored", "node-llama-cpp"] as const;

export type ArmName = (typeof armNames)[number];

export function createArms({ tools, nodeLlamaCpp: folder }: Peers, machine: Machine): Record<ArmName, Arm> {
  return {
    ours: (workload) => ours(workload, machine),
    "llama-server": (workload) => llamaServer(tools.server, "prompts", workload, machine),
    "llama-server, slot restored": (workload) => llamaServer(tools.server, "restored", workload, machine),
    "node-llama-cpp": (workload) => nodeLlamaCpp(folder, workload, machine),
  };
}
