import { all } from "effection";
import type { AgentTask } from "../agent/agent.ts";
import type { Orchestrator } from "../pool/pool-types.ts";

/** All agents at once, from the same parent. What does not fit at first waits for those that end. */
export function parallel(tasks: readonly AgentTask[]): Orchestrator {
  return function* (pool) {
    yield* all(tasks.map((task) => pool.run(task)));
  };
}
