// One turn of the loop, in five phases. This file alone waits, decodes and writes state; the decisions are pure
// functions in phases/.
//
//   SPAWN    admit waiting agents: one prefill batch
//   PRODUCE  read what everybody would write next: commits, ended turns, cuts
//   COMMIT   one decode for all rows
//   SETTLE   prefill tool results, each whole and at its agent's clean turn boundary
//   DISPATCH run the tool calls of ended turns, one after the other

import { checkArguments } from "@lloyal-labs/sdk";
import { call, ensure, type Operation, spawn, until } from "effection";
import { Agent } from "../agent/agent.ts";
import { liveAgents, type PendingCall, type PoolState, viewOf } from "../pool/pool-state.ts";
import { buildPrompt } from "../spine/prompt-state.ts";
import { runTool } from "../tools/run-tool.ts";
import type { AnyTool } from "../tools/tool.ts";
import { fitResults } from "./fit-text.ts";
import { readTurn, type TurnEnd } from "./phases/dispatch.ts";
import type { PendingResult } from "./phases/pending.ts";
import { planProduce } from "./phases/produce.ts";
import { planSettle } from "./phases/settle.ts";
import { planSpawn } from "./phases/spawn.ts";
import { endAgent, openTurn, schemasFor } from "./turns.ts";

/** Ticks until the orchestrator is through and every agent is done. Sleeps while all wait for tools. */
export function* runTicks(pool: PoolState): Operation<void> {
  for (;;) {
    yield* spawnPhase(pool);
    const generating = pool.agents.filter((agent) => agent.state.kind === "generating");
    if (generating.length + pool.calls.length === 0 && answered(pool).length === 0) {
      if (pool.orchestrated && pool.waiting.length === 0 && liveAgents(pool).length === 0) return;
      yield* pool.wake.sleep();
      continue;
    }
    pool.ticks += 1;
    yield* produceAndCommit(pool, generating);
    yield* settlePhase(pool);
    yield* dispatchPhase(pool);
  }
}

/** Agents whose turn has all of its results: a turn of several calls waits for the last. */
function answered(pool: PoolState): { agent: Agent; results: PendingResult[] }[] {
  return liveAgents(pool).flatMap((agent) => {
    const state = agent.state;
    if (state.kind !== "awaiting-tool") return [];
    const results = pool.results.filter((result) => result.agent === agent);
    return results.length === state.callIds.length ? [{ agent, results }] : [];
  });
}

/** Cells that stay free for those who live: one full turn each, and never less than the soft limit. */
function floorOf(pool: PoolState): number {
  const reserve = liveAgents(pool).reduce((sum, agent) => sum + agent.plan.maxTokens - agent.turnTokens, 0);
  return Math.max(pool.budget.softLimit, reserve);
}

function* spawnPhase(pool: PoolState): Operation<void> {
  if (pool.waiting.length === 0) return;
  const first = pool.policy.planTurn({ agentId: "", turn: 0, calls: [], stale: 0, tools: [], terminal: pool.terminal });
  const requests = pool.waiting.map((request) => {
    const prompt = buildPrompt(pool.language, pool.parent, {
      systemPrompt: request.task.systemPrompt,
      tools: [...pool.tools.values()].map((tool) => tool.schema),
      content: request.task.content,
    });
    return { request, prompt, promptTokens: prompt.tokens.length, turnTokens: first?.maxTokens ?? 0 };
  });
  const plan = planSpawn(requests, {
    pressure: pool.store.pressure(),
    floor: floorOf(pool),
    sequences: pool.store.available,
    liveAgents: liveAgents(pool).length,
  });
  pool.waiting = plan.wait.map(({ request }) => request);
  for (const { request, promptTokens } of plan.drop) drop(pool, request, promptTokens);
  if (plan.admit.length === 0) return;

  const spawned: Agent[] = [];
  for (const { request } of plan.admit) {
    const branch = pool.openBranch();
    yield* ensure(() => branch.pruneSubtreeSync());
    if (pool.sampling) branch.setSamplerParams({ ...pool.sampling, seed: seedOf(pool.sampling.seed ?? 0, request.id) });
    const agent = new Agent({ id: request.id, parentAgentId: pool.parentAgentId, task: request.task, branch });
    pool.settled.set(agent, request);
    spawned.push(agent);
  }
  yield* until(pool.store.prefill(spawned.map((agent, i) => [agent.branch, plan.admit[i]?.prompt.tokens ?? []])));
  for (const [i, agent] of spawned.entries()) {
    plan.admit[i]?.prompt.remember(agent.branch);
    pool.agents.push(agent);
    pool.events.send({
      type: "agent:spawn",
      agentId: agent.id,
      parentAgentId: agent.parentAgentId,
      task: agent.task.content,
      promptTokens: plan.admit[i]?.promptTokens ?? 0,
    });
    // Halted while its prompt was decoded: it is known by now, and ends like any other.
    if (plan.admit[i]?.request.halted) endAgent(pool, agent, "cancelled");
    else openTurn(pool, agent);
  }
}

/** Siblings with one seed would say the same; these differ from agent to agent and not from run to run. */
function seedOf(seed: number, agentId: string): number {
  return (seed + Math.imul(Number(agentId.slice(1)), 0x9e3779b1)) >>> 0;
}

function drop(pool: PoolState, request: PoolState["waiting"][number], promptTokens: number): void {
  const reason = `its prompt of ${promptTokens} tokens can never fit into the cells and sequences that are left`;
  const result = {
    agentId: request.id,
    parentAgentId: pool.parentAgentId,
    branch: null,
    task: request.task.content,
    result: null,
    findings: null,
    outcome: "dropped" as const,
    reason,
    turns: 0,
    toolCallCount: 0,
    tokenCount: 0,
  };
  pool.outcomes.push(result);
  pool.events.send({ type: "agent:done", agentId: request.id, outcome: "dropped", reason });
  request.resolve(result);
}

function* produceAndCommit(pool: PoolState, generating: readonly Agent[]): Operation<void> {
  const { free } = pool.store.pressure();
  const plan = planProduce(
    generating.map((agent) => ({
      agent,
      produced: agent.branch.produceSync(),
      turnTokens: agent.turnTokens,
      maxTokens: agent.plan.maxTokens,
    })),
    { free, hardLimit: pool.budget.hardLimit, rowsMax: pool.ctx.engine.capabilities.nUbatch },
  );
  for (const agent of plan.overlong) endAgent(pool, agent, "cut", `a turn of more than ${agent.plan.maxTokens} tokens`);
  for (const agent of plan.starved) endAgent(pool, agent, "cut", "no cell is left for its next token");
  for (const agent of plan.ended) endTurn(pool, agent);
  if (plan.commits.length === 0) return;

  // COMMIT
  yield* until(pool.store.step(plan.commits.map(({ agent, produced }) => [agent.branch, produced.token] as const)));
  for (const { agent, produced } of plan.commits) {
    if (!agent.live) continue;
    agent.turnTokens += 1;
    agent.tokenCount += 1;
    agent.turnText += produced.text;
    pool.events.send({ type: "agent:produce", agentId: agent.id, text: produced.text, tokenCount: agent.tokenCount });
  }
  pool.events.send({
    type: "pool:tick",
    tick: pool.ticks,
    generating: plan.commits.length,
    awaiting: liveAgents(pool).length - plan.commits.length,
    cellsFree: pool.store.pressure().free,
  });
}

function endTurn(pool: PoolState, agent: Agent): void {
  const offered = { tools: [...pool.tools.keys()], terminal: pool.terminal };
  const end = checkReturn(pool, agent, readTurn(pool.language.parse(agent.turnText), offered));
  if (end.kind === "return") {
    agent.result = end.result;
    endAgent(pool, agent, "returned");
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
    if (end.kind === "note") deliver(pool, each, { result: { error: end.note }, text: end.note });
    else pool.calls.push(each);
  }
}

/** The terminal call's arguments are checked like any other's; wrong ones are a note and another turn. */
function checkReturn(pool: PoolState, agent: Agent, end: TurnEnd): TurnEnd {
  if (end.kind !== "return" || pool.terminal === undefined) return end;
  const schema = schemasFor(pool, agent, [pool.terminal])[0];
  const checked = schema && checkArguments(schema.parameters, end.result);
  if (!checked || checked.ok) return end;
  return { kind: "note", note: `The arguments of ${pool.terminal} are wrong: ${checked.problems.join("; ")}.` };
}

function* settlePhase(pool: PoolState): Operation<void> {
  const whole = answered(pool);
  if (whole.length === 0) return;
  pool.results = pool.results.filter((result) => !whole.some(({ agent }) => agent === result.agent));

  const candidates = whole.map(({ agent, results }) => {
    const named = results.map(({ tool, text }) => ({ name: tool, text }));
    const next = pool.policy.planTurn(viewOf(pool, agent));
    const tokens = fitResults(pool.language, named, Number.POSITIVE_INFINITY)?.tokens.length ?? 0;
    return { agent, results, named, tokens, turnTokens: next?.maxTokens ?? 0 };
  });
  const plan = planSettle(candidates, { free: pool.store.pressure().free, floor: pool.budget.softLimit });
  for (const agent of plan.refuse) endAgent(pool, agent, "cut", "its tool result does not fit into the context");

  const admitted = plan.admit.flatMap(({ agent, tokensMax }) => {
    const candidate = candidates.find((each) => each.agent === agent);
    const fitted = candidate && fitResults(pool.language, candidate.named, tokensMax);
    if (candidate && fitted) return [{ agent, results: candidate.results, ...fitted }];
    endAgent(pool, agent, "cut", "its tool result does not fit into the context");
    return [];
  });
  if (admitted.length === 0) return;
  yield* until(pool.store.prefill(admitted.map(({ agent, tokens }) => [agent.branch, tokens] as const)));
  for (const { agent, results, texts } of admitted) {
    if (!agent.live) continue;
    for (const [i, result] of results.entries()) note(pool, agent, result, texts[i] as string);
    agent.change({ type: "settle" });
    openTurn(pool, agent);
  }
}

/** Remembers what an agent has read, and whether it was news. */
function note(pool: PoolState, agent: Agent, { callId, tool, result }: PendingResult, text: string): void {
  const lines = text.split("\n").filter((line) => line.trim().length > 0);
  const news = lines.some((line) => !agent.linesSeen.has(line));
  for (const line of lines) agent.linesSeen.add(line);
  agent.stale = news ? 0 : agent.stale + 1;
  pool.events.send({ type: "agent:tool_result", agentId: agent.id, callId, tool, result, prefilled: text });
}

function* dispatchPhase(pool: PoolState): Operation<void> {
  const calls = pool.calls;
  pool.calls = [];
  for (const each of calls) {
    const { agent, tool: name, args, callId } = each;
    if (!agent.live) continue;
    const verdict = pool.policy.judgeCall(viewOf(pool, agent), { name, args });
    pool.events.send({ type: "agent:tool_call", agentId: agent.id, callId, tool: name, args });
    const tool = pool.tools.get(name);
    const turn = { agentId: agent.id, turn: agent.turn };
    if (!tool?.availableFor(turn)) deliver(pool, each, refusal(`There is no tool called ${name} now.`));
    else if (!verdict.run) deliver(pool, each, refusal(verdict.note));
    else if (tool.concurrent) yield* spawn(() => dispatchOne(pool, each));
    else yield* call(() => dispatchOne(pool, each));
  }
}

function* dispatchOne(pool: PoolState, each: PendingCall): Operation<void> {
  const { agent, tool: name, args, callId } = each;
  const tool = pool.tools.get(name) as AnyTool;
  const outcome = yield* runTool(tool, {
    agentId: agent.id,
    callId,
    branch: agent.branch,
    args,
    turn: agent.turn,
    onProgress: ({ filled, total }) =>
      pool.events.send({ type: "agent:tool_progress", agentId: agent.id, tool: name, filled, total }),
  });
  deliver(pool, each, outcome);
}

function refusal(text: string): { result: unknown; text: string } {
  return { result: { error: text }, text };
}

/** A result is in: it waits for SETTLE, and a sleeping loop wakes up. */
function deliver(
  pool: PoolState,
  { agent, callId, tool, args }: PendingCall,
  outcome: { result: unknown; text: string },
): void {
  if (!agent.live) return;
  if (tool) agent.calls.push({ name: tool, args, text: outcome.text });
  pool.results.push({ agent, callId, tool, result: outcome.result, text: outcome.text });
  pool.wake.ring();
}
