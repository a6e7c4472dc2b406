import type { Produced } from "@lloyal-labs/sdk";
import { type Operation, until } from "effection";
import type { Agent } from "../agent/agent.ts";
import { leaseNeeds, type PoolState } from "../pool/pool-state.ts";
import { deliverNote } from "./dispatch-calls.ts";
import { recoveryReserve } from "./phases/lease.ts";
import { planProduce } from "./phases/produce.ts";
import { endRecovery } from "./recover-agents.ts";
import { cutAgent, endAgent, holdLease, readEnd } from "./turns.ts";

/** PRODUCE and COMMIT: one token for every agent that writes, one decode for all of them. */
export function* produceAndCommit(pool: PoolState, writing: readonly Agent[]): Operation<void> {
  const reserve = Math.max(pool.budget.hardLimit, recoveryReserve(leaseNeeds(pool)));
  const plan = planProduce(
    writing.map((agent) => ({
      agent,
      produced: agent.voice.produceSync(),
      turnTokens: agent.turnTokens,
      maxTokens: agent.plan.maxTokens,
      recovering: agent.recovery !== undefined,
    })),
    { rows: pool.lease.room - reserve, rowsMax: pool.ctx.engine.capabilities.nUbatch },
  );
  for (const agent of plan.overlong) {
    if (agent.recovery) endRecovery(pool, agent);
    else cutAgent(pool, agent, `a turn of more than ${agent.plan.maxTokens} tokens`);
  }
  for (const agent of plan.starved) cutAgent(pool, agent, "no cell is left for its next token");
  for (const agent of plan.ended) {
    if (agent.recovery) endRecovery(pool, agent);
    else endTurn(pool, agent);
  }
  const commits = plan.commits.filter(({ agent }) => agent.live);
  if (commits.length > 0) yield* commitRows(pool, commits, tokensAhead(pool, commits, reserve));
}

/** A tick takes no more guesses than this is worth. */
const aheadMax = 6;

type Commit = ReturnType<typeof planProduce<Agent>>["commits"][number];

/** Most tokens that each may write in this tick if its guesses are right: what its turn leaves, and what can be spared. */
function tokensAhead(pool: PoolState, commits: readonly Commit[], reserve: number): number {
  if (!pool.draft) return 1;
  const left = commits.map(({ agent }) => agent.plan.maxTokens - agent.turnTokens);
  const spare = Math.min(pool.lease.room - reserve - commits.length, pool.store.pressure().free);
  return Math.max(1, Math.min(aheadMax, ...left, 1 + Math.floor(spare / commits.length)));
}

function* commitRows(pool: PoolState, commits: readonly Commit[], maxTokens: number): Operation<void> {
  // The rows come out of the lease; between letting go here and the store's own promise nobody can get in.
  pool.lease.hold(pool.lease.cells - commits.length);
  const rows = commits.map(({ agent, produced }) => [agent.voice, produced.token] as const);
  const results = yield* until(pool.store.run(rows, { maxTicks: 1, maxTokens, draft: maxTokens > 1 }));
  for (const [i, { agent, produced: first }] of commits.entries()) {
    if (!agent.live) continue;
    // All but the last that came are written.
    wrote(pool, agent, first);
    const further = results[i] as Produced[];
    for (let at = 0; at < further.length - 1; at++) wrote(pool, agent, further[at] as Produced);
  }
  holdLease(pool);
  pool.events.send({
    type: "pool:tick",
    tick: pool.ticks,
    generating: commits.length,
    awaiting: pool.agents.filter(({ state }) => state.kind === "awaiting-tool").length,
    cellsFree: pool.store.pressure().free,
  });
}

function wrote(pool: PoolState, agent: Agent, { text }: Produced): void {
  agent.turnTokens += 1;
  agent.tokenCount += 1;
  agent.turnText += text;
  pool.events.send({ type: "agent:produce", agentId: agent.id, text, tokenCount: agent.tokenCount });
}

function endTurn(pool: PoolState, agent: Agent): void {
  const end = readEnd(pool, agent);
  if (end.kind === "return") {
    agent.result = end.result;
    endAgent(pool, agent, "returned");
    return;
  }
  if (end.kind === "calls" && pool.lease.room < pool.budget.softLimit) {
    cutAgent(pool, agent, "no room is left for the result of its call");
    return;
  }
  const calls = end.kind === "calls" ? end.calls : [{ name: "", args: {} }];
  const pending = calls.map((each, i) => ({
    agent,
    callId: `${agent.id}.${agent.turn}.${i + 1}`,
    tool: each.name,
    args: each.args,
  }));
  agent.change({ type: "call", callIds: pending.map((each) => each.callId) });
  for (const each of pending) {
    if (end.kind === "note") deliverNote(pool, each, end.note);
    else pool.calls.push(each);
  }
}
