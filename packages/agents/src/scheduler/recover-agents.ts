import { type Branch, isInferenceError } from "@lloyal-labs/sdk";
import { type Operation, until } from "effection";
import type { Agent } from "../agent/agent.ts";
import { leaseNeeds, type PoolState } from "../pool/pool-state.ts";
import { recoveriesThatFit } from "./phases/recover.ts";
import { endAgent, findingsOf, holdLease, readEnd, writeTurn } from "./turns.ts";

/**
 * Starts the recoveries that have room: each gets the recovery prompt on a fork of its agent's branch, and from then on
 * writes beside the others, one row per tick. The cells come out of the pool's lease.
 */
export function* startRecoveries(pool: PoolState): Operation<void> {
  const { recovery } = pool;
  if (!recovery) return;
  const waiting = pool.agents.filter(({ state, recovery }) => state.kind === "recovering" && !recovery);
  if (waiting.length === 0) return;
  const { recoveryTokens, recoveriesUsed } = leaseNeeds(pool);
  const fit = recoveriesThatFit(waiting.length, pool.lease.room, recoveryTokens, recoveriesUsed);
  // The lease is made so that this does not happen; should it, an agent without its recovery is better than a loop
  // that waits for ever.
  if (fit === 0 && recoveriesUsed.length === 0) {
    for (const agent of waiting) endAgent(pool, agent, "cut", `${agent.reason}; no cells are free for its recovery`);
    return;
  }
  const starting = waiting.slice(0, fit).filter((agent) => openFork(pool, agent));
  if (starting.length === 0) return;

  pool.lease.hold(pool.lease.room - starting.length * recovery.promptTokens.length);
  yield* until(pool.store.prefill(starting.map((agent) => [agent.voice, recovery.promptTokens])));
  for (const agent of starting) {
    if (!agent.live) continue;
    const tools = pool.terminal === undefined ? [] : [pool.terminal];
    writeTurn(pool, agent, { tools, maxTokens: recovery.maxTokens });
  }
  holdLease(pool);
}

/** A branch that dies with its agent needs no fork; one that the caller keeps is left as the agent left it. */
function openFork(pool: PoolState, agent: Agent): boolean {
  let branch: Branch;
  try {
    branch = pool.pruneOnDone ? agent.branch : agent.branch.forkSync();
  } catch (error) {
    if (!isInferenceError(error) || error.code !== "SEQUENCES_EXHAUSTED") throw error;
    endAgent(pool, agent, "cut", `${agent.reason}; no sequence is free for its recovery`);
    return false;
  }
  agent.recovery = { branch, start: branch.position };
  return true;
}

/** Reads a recovery that has stopped, or has used up its tokens. Empty findings are a failure, not a finding. */
export function endRecovery(pool: PoolState, agent: Agent): void {
  const end = readEnd(pool, agent);
  if (end.kind !== "return") {
    endAgent(pool, agent, "cut", `${agent.reason}; its recovery did not come to an end`);
    return;
  }
  if (!findingsOf(end.result)?.trim()) {
    endAgent(pool, agent, "failed", `${agent.reason}; it had found nothing`);
    return;
  }
  agent.result = end.result;
  endAgent(pool, agent, "recovered", agent.reason);
}
