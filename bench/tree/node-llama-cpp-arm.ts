import { spawn } from "node:child_process";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ArmRun, Machine } from "./arm.ts";
import { agentTokens, generatedPerTurn, type Workload } from "./workload.ts";

/** What the child prints. */
interface ChildRun {
  wallMs: number;
  read: number;
  written: number;
  generated: number;
}

const child = fileURLToPath(new URL("./node-llama-cpp-child.mjs", import.meta.url));

/** One sequence per agent, all at once; the library batches them. */
export async function nodeLlamaCpp(folder: string, workload: Workload, machine: Machine): Promise<ArmRun> {
  const { agents, spine, deltas } = workload;
  const program = spawn(process.execPath, [child, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const end = () => program.kill("SIGKILL");
  process.once("exit", end);
  try {
    program.stdin.end(
      JSON.stringify({ workload, ...machine, generatedPerTurn, contextSize: agentTokens(spine) + generatedPerTurn }),
    );
    const [answer] = await Promise.all([json(program.stdout), once(program, "exit")]);
    const { wallMs, read, written, generated } = answer as ChildRun;
    // Its meter calls the rows that it samples from written: one per prompt is, and all that are decoded.
    const prompts = agents * (deltas[0]?.length ?? 0);
    return { wallMs, evaluated: { prefilled: read + prompts, decoded: written - prompts }, generated };
  } finally {
    process.off("exit", end);
  }
}
