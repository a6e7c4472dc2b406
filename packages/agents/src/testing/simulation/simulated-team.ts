import type { Branch } from "@lloyal-labs/sdk";
import { type Operation, spawn, type WithResolvers, withResolvers } from "effection";
import type { AgentTask } from "../../agent/agent.ts";
import { parallel } from "../../orchestrate/parallel.ts";
import { agentPool } from "../../pool/agent-pool.ts";
import type { Orchestration, Orchestrator, PoolResult } from "../../pool/pool-types.ts";
import { useAgentPool } from "../../pool/use-agent-pool.ts";
import { Tool } from "../../tools/tool.ts";
import { checkResult } from "./check-state.ts";
import type { AgentScript, TeamScript } from "./scenario.ts";
import { marker } from "./scripted-model.ts";
import { createPolicy, PlannedFailure } from "./simulated-policy.ts";
import { SimulatedTool } from "./simulated-tool.ts";
import type { World } from "./world.ts";

class Report extends Tool<{ findings: string }> {
  readonly name = "report";
  readonly description = "d";
  readonly parameters = { type: "object", properties: { findings: { type: "string" } }, required: ["findings"] };
  override *execute(): Operation<unknown> {
    throw new Error("the terminal tool is never run");
  }
}

/** Runs a pool as its script says, and checks what it gives. With `keepBranches`, they live in the caller's scope. */
export function* runTeam(
  team: TeamScript,
  world: World,
  parent: Branch | null,
  keepBranches = false,
): Operation<PoolResult> {
  const runPool = keepBranches ? useAgentPool : agentPool;
  let requested = 0;
  const onRequest = () => {
    requested += 1;
    world.requested += 1;
  };
  try {
    const result = yield* runPool({
      orchestrate: orchestrator(team, world, onRequest),
      tools: team.tools.map((tool) => new SimulatedTool(tool, world, (nested, from) => runTeam(nested, world, from))),
      parent,
      policy: createPolicy(team),
      ...(team.terminal && { terminal: new Report() }),
      ...(team.temperature > 0 && { sampling: { temperature: team.temperature, seed: 1 } }),
    });
    checkResult(result, { keepBranches, requested, hasTerminal: team.terminal }, world);
    return result;
  } catch (error) {
    world.explain(error, team);
    throw error;
  }
}

function taskOf({ key, taskChars, systemPrompt }: AgentScript): AgentTask {
  const content = `${marker(key)} ${"t".repeat(taskChars)}`;
  return systemPrompt ? { content, systemPrompt: `Be ${key}.` } : { content };
}

function orchestrator(team: TeamScript, world: World, onRequest: () => void): Orchestrator {
  return function* (pool) {
    const stage = world.enter(`orchestrator ${team.agents[0]?.key}`);
    try {
      yield* orchestrate(team, world, watchRequests(pool, world, onRequest));
      stage.pass("orchestrated");
    } finally {
      stage.leave();
    }
  };
}

function* orchestrate(team: TeamScript, world: World, pool: Orchestration): Operation<void> {
  const { agents, failsAfter } = team;
  const isPlain = agents.every(({ startAfterMs, letGoAfterMs }) => !startAfterMs && !letGoAfterMs);
  if (team.orchestrator === "parallel" && isPlain && failsAfter === undefined)
    return yield* parallel(agents.map(taskOf))(pool);
  if (team.orchestrator === "chain") {
    for (const [i, agent] of agents.entries()) {
      if (i === failsAfter) throw new PlannedFailure("the orchestrator");
      yield* runOne(agent, world, pool);
    }
  } else yield* runGraph(team, world, pool);
  if (failsAfter !== undefined) throw new PlannedFailure("the orchestrator");
}

/** Each agent as soon as those are done that it comes after. */
function* runGraph({ agents, failsAfter }: TeamScript, world: World, pool: Orchestration): Operation<void> {
  const done = agents.map(() => withResolvers<void>());
  const tasks = [];
  for (const [i, agent] of agents.entries()) {
    const task = yield* spawn(function* () {
      for (const before of agent.after) yield* (done[before] as WithResolvers<void>).operation;
      yield* runOne(agent, world, pool);
      done[i]?.resolve();
    });
    tasks.push(task);
  }
  for (const [i, task] of tasks.entries()) {
    if (i === failsAfter) throw new PlannedFailure("the orchestrator");
    yield* task;
  }
}

function* runOne(agent: AgentScript, world: World, pool: Orchestration): Operation<void> {
  yield* world.sleep(agent.startAfterMs);
  const task = yield* spawn(() => pool.run(taskOf(agent)));
  world.runs.push(task);
  if (agent.letGoAfterMs) {
    yield* spawn(function* () {
      yield* world.sleep(agent.letGoAfterMs);
      yield* task.halt();
    });
  }
  try {
    yield* task;
  } catch {
    // Let go of. A failure would have unwound this orchestrator instead.
  }
}

/** Counts what is asked for, and watches over the code after each answer. */
function watchRequests(pool: Orchestration, world: World, onRequest: () => void): Orchestration {
  return {
    ...pool,
    *run(task) {
      const stage = world.enter(`run ${world.requested}`);
      onRequest();
      try {
        const result = yield* pool.run(task);
        stage.pass(`${result.agentId} ${result.outcome}`);
        return result;
      } finally {
        stage.leave();
      }
    },
  };
}
