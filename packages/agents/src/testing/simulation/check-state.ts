import type { AgentEvent } from "../../events/agent-event.ts";
import type { PoolResult } from "../../pool/pool-types.ts";
import type { EventOf } from "./check-events.ts";
import type { TeamScript } from "./scenario.ts";
import { keyOf } from "./scripted-model.ts";
import type { World } from "./world.ts";

/** After every event: no promise of cells that are not there, and what the event says is so. */
export function checkStep(event: AgentEvent, world: World): void {
  const { used, free } = world.store.pressure();
  if (used < 0 || free < 0) world.recorder.violate("A3", `used ${used}, free ${free}`);
  if (event.type === "agent:spawn") checkParent(event, world);
  if (event.type === "agent:tool_result") checkGiven(event, world);
  if (event.type === "pool:tick" && world.isAlone) checkTick(world);
  if (event.type === "pool:tick" && world.events.limits.onePool) checkLease(world);
}

/** Between ticks a pool holds a row for each agent and cells for one recovery, or all the cells that there are. */
function checkLease({ recorder, events, store, recoveries, recoveryCells }: World): void {
  const { reserved, free } = store.pressure();
  const owed = events.live + recoveryCells;
  // Recoveries that are under way have used some of it.
  if (recoveries === 0 && events.live > 0 && free > 0 && reserved < owed)
    recorder.violate("E4", `${reserved} cells are held for ${events.live} agents, and ${owed} would be right`);
}

/** A tick has left the hard limit free, unless recoveries used it, and no branch of an agent that is gone. */
function checkTick({ recorder, events, store, parents, keepBranches }: World): void {
  const { nCtx, used } = store.pressure();
  const { hardLimit, recoveryTokens } = events.limits;
  if (recoveryTokens === 0 && nCtx - used < hardLimit)
    recorder.violate("E1", `a decode left ${nCtx - used} cells, and ${hardLimit} are the limit`);
  if (!keepBranches && store.liveBranches !== parents + events.live)
    recorder.violate("C1", `${store.liveBranches} branches for ${events.live} agents and ${parents} parents`);
}

/** Agents of a team within a tool, and only those, have a parent: the tool's caller, which waits for them. */
function checkParent(
  { agentId, parentAgentId, task }: EventOf<"agent:spawn">,
  { recorder, events, nestedKeys }: World,
): void {
  const isNested = nestedKeys.has(keyOf(task));
  const waits = parentAgentId !== undefined && (events.agents.get(parentAgentId)?.openCalls.size ?? 0) > 0;
  if (isNested !== waits) recorder.violate("B7", `${agentId} (${task.slice(0, 12)}) has the parent ${parentAgentId}`);
}

/** The result of a call is what its tool gave, or an error that says what went wrong. */
function checkGiven({ callId, tool, result }: EventOf<"agent:tool_result">, { calls, recorder }: World): void {
  const call = calls.get(callId);
  const isError = typeof result === "object" && result !== null && "error" in result;
  const isRight = call?.gave && !isCircular(call.gave.value) ? result === call.gave.value : isError;
  if (!isRight) recorder.violate("D1", `${callId} of ${tool} has a result that its tool did not give`);
}

function isCircular(value: unknown): boolean {
  return typeof value === "object" && value !== null && "next" in value;
}

/** When nothing can run: the ledger agrees with the engine, and no tool works for an agent that has ended. */
export async function checkRest({ engine, store, inside, recorder, events }: World): Promise<void> {
  for (const name of inside) {
    const [, agentId = ""] = /^tool (\w+)/.exec(name) ?? [];
    const outcome = events.agents.get(agentId)?.outcome;
    if (outcome) recorder.violate("C1", `${name} goes on after its agent (${outcome})`);
  }
  if (engine.outstanding > 0) return;
  const steps = recorder.lines.length;
  const [held, booked] = [await engine.countCells(), store.pressure().used];
  // Halted while the engine counted: the two figures are of two moments.
  if (recorder.lines.length !== steps) return;
  if (held !== booked) recorder.violate("A3", `the engine holds ${held} cells, the ledger has ${booked}`);
}

/** What a pool gives back agrees with what was asked of it and with what its events have told. */
export function checkResult(
  { agents, totals }: PoolResult,
  { keepBranches, requested, hasTerminal }: { keepBranches: boolean; requested: number; hasTerminal: boolean },
  world: World,
): void {
  const { recorder, events, store, isAlone, parents } = world;
  const violate = (invariant: string, what: string) => recorder.violate(invariant, what);
  for (const { agentId, outcome, result, findings, branch } of agents) {
    const log = events.agents.get(agentId);
    if (log?.outcome !== outcome) violate("B7", `${agentId} ${outcome}, but its events say ${log?.outcome}`);
    if (outcome === "recovered" && !findings?.trim()) violate("E4", `${agentId} recovered nothing`);
    const isReport =
      typeof result === "object" && result !== null && "findings" in result && typeof result.findings === "string";
    if (hasTerminal && (outcome === "returned" || outcome === "recovered") && !isReport)
      violate("D2", `${agentId} ${outcome} ${JSON.stringify(result)}`);
    if (outcome !== "returned" && outcome !== "recovered" && result !== null)
      violate("B7", `${agentId} ${outcome} with a result`);
    const isKept = keepBranches && log?.spawned;
    if (isKept ? branch === null || branch.disposed : branch !== null)
      violate("C1", `the branch of ${agentId} (${outcome}) is ${branch ? "there" : "gone"}`);
  }
  if (agents.length !== requested) violate("B5", `${agents.length} results of ${requested} requests`);
  if (totals.agents !== agents.length) violate("B7", `totals of ${totals.agents} agents`);
  const kept = agents.filter(({ branch }) => branch).length;
  if (isAlone && store.liveBranches !== parents + kept)
    violate("C1", `${store.liveBranches} branches after the pool, for ${kept} kept and ${parents} parents`);
  if (!events.limits.onePool) return;
  // Every turn of the loop without a decode takes up something: a request, a call, a result, an end.
  const idle = totals.ticks - events.ticks;
  if (idle > events.count) violate("B4", `${idle} ticks without a decode, for ${events.count} things to do`);
}

/**
 * Cut agents that had something to tell have begun to tell it: that is what their pool held cells for, whoever else
 * wanted them. Asked where a recovery needs no fork, since there may be no sequence for one.
 */
export function checkRecoveries({ tools, policy }: TeamScript, world: World): void {
  const { events, recorder, recoveries, keepBranches } = world;
  if (!policy.recovery || !events.limits.onePool || keepBranches) return;
  const cut = [...events.agents.values()].filter(({ outcome, calls }) => {
    const hasRead = calls.size > 0 || tools.length === 0;
    return outcome === "recovered" || (outcome === "cut" && hasRead);
  });
  if (cut.length > recoveries) recorder.violate("E4", `${cut.length} agents were cut, ${recoveries} recoveries began`);
}

/** Nothing is left: no cell, branch, sequence, promise of cells, timer or tool; every agent has its one end. */
export async function checkEnd(world: World): Promise<void> {
  const { store, engine, clock, events, inside, refusals, unheard, recorder } = world;
  // The store's: it waits for calls that are still queued there, for branches that are gone.
  const engineCells = await store.countCells();
  const violate = (invariant: string, what: string) => recorder.violate(invariant, what);
  const { used, reserved } = store.pressure();
  if (used !== 0) violate("C1", `${used} cells are left`);
  if (engineCells !== 0) violate("A3", `the engine holds ${engineCells} cells`);
  if (reserved !== 0) violate("C1", `${reserved} cells are still reserved`);
  if (store.liveBranches !== 0) violate("C1", `${store.liveBranches} branches are left`);
  const leased = engine.capabilities.nSeqMax - store.available;
  if (leased !== 0) violate("C1", `${leased} sequences are left`);
  if (clock.pending !== 0) violate("C1", `${clock.pending} timers are left`);
  for (const name of inside) violate("C1", `${name} was not left`);
  for (const error of [...refusals].slice(unheard))
    violate("E1", `the runtime asked for cells that are not there: ${error}`);
  for (const [id, { outcome }] of events.agents) if (!outcome) violate("B7", `${id} has no agent:done`);
  if (events.agents.size !== world.requested)
    violate("B7", `${events.agents.size} agents have events, ${world.requested} were asked for`);
}
