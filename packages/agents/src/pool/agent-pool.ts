import { type Operation, scoped } from "effection";
import type { PoolOptions, PoolResult } from "./pool-types.ts";
import { runPool } from "./use-agent-pool.ts";

/**
 * Runs agents to their ends and prunes each as it is done: when this returns, nothing of the pool is left in the
 * cache. Tasks beyond the free sequences or cells wait for earlier ones to end.
 */
export function agentPool(options: PoolOptions): Operation<PoolResult> {
  return scoped(() => runPool(options, true));
}
