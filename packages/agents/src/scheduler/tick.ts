// One turn of the loop, in five phases. The decisions are pure functions in phases/; what waits, decodes and writes
// state is in the files beside this one.
//
//   SPAWN    admit waiting agents: one prefill batch; start the recoveries that have room
//   PRODUCE  read what everybody would write next: commits, ended turns, cuts
//   COMMIT   one decode for all rows
//   SETTLE   prefill tool results, each whole and at its agent's clean turn boundary
//   DISPATCH run the tool calls of ended turns, one after the other

import type { Operation } from "effection";
import { liveAgents, type PoolState } from "../pool/pool-state.ts";
import { produceAndCommit } from "./decode-tick.ts";
import { dispatchCalls } from "./dispatch-calls.ts";
import { startRecoveries } from "./recover-agents.ts";
import { answered, settleResults } from "./settle-results.ts";
import { spawnAgents } from "./spawn-agents.ts";

/** Ticks until the orchestrator is through and every agent is done. Sleeps while all wait for tools. */
export function* runTicks(pool: PoolState): Operation<void> {
  for (;;) {
    yield* spawnAgents(pool);
    yield* startRecoveries(pool);
    const writing = pool.agents.filter((agent) => agent.writing);
    if (writing.length + pool.calls.length === 0 && answered(pool).length === 0) {
      if (pool.orchestrated && pool.waiting.size === 0 && liveAgents(pool).length === 0) return;
      yield* pool.wake.sleep();
      continue;
    }
    pool.ticks += 1;
    yield* produceAndCommit(pool, writing);
    yield* settleResults(pool);
    yield* dispatchCalls(pool);
  }
}
