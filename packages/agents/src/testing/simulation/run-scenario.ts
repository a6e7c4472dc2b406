// One run of a simulated scenario.
//
//   seed -> generate-scenario -> scenario (plain data: engine, teams of agents, tools, rivals, faults)
//                                    |
//   machine    simulated engine, scripted model, virtual clock, recorder
//   world      what tools and orchestrators of the scenario share       -> steps -> trace and its hash
//   play       the program that a user would write: parent, pools       -> check-events, check-state -> violations
//   drive      lets it run until nothing can, then jumps to the next timer

import { BranchStore, isInferenceError, type SessionContext } from "@lloyal-labs/sdk";
import { type Operation, run, spawn, type Task, until } from "effection";
import type { Outcome } from "../../events/agent-event.ts";
import { initAgents } from "../../init-agents.ts";
import { EventChecker, type EventLimits } from "./check-events.ts";
import { checkEnd, checkRecoveries, checkRest, checkStep } from "./check-state.ts";
import { drive, watchWallTime } from "./drive.ts";
import { createMachine, language } from "./machine.ts";
import { playScenario } from "./play-scenario.ts";
import { allTeams, type Scenario } from "./scenario.ts";
import { createPolicy } from "./simulated-policy.ts";
import { watchStore } from "./watched-store.ts";
import { World } from "./world.ts";

export interface RunOptions {
  /** Halts the whole scenario at these steps. */
  haltAt?: readonly number[];
  /** Lets go of one agent at this step. */
  letGoAt?: number;
  /** Turns of the microtask queue between the step and what is done there, to hit the moments between two steps. */
  turnsLater?: number;
}

export interface RunReport {
  seed: number;
  /** SHA-256 of the trace. */
  hash: string;
  /** One line a step. */
  trace: readonly string[];
  ticks: number;
  virtualMs: number;
  /** By agent id. */
  outcomes: ReadonlyMap<string, Outcome | undefined>;
  /** What it came to: `done`, `halted`, or a failure that the scenario explains. */
  end: string;
  /** Invariants that did not hold, in order. */
  violations: readonly string[];
}

/** Runs a scenario to its end in virtual time, and checks everything that has to hold. */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<RunReport> {
  const machine = createMachine(scenario);
  const { recorder, clock, engine } = machine;
  const ctx: SessionContext = { engine, language, modelName: "simulated", dispose: () => engine.dispose() };
  const store = new BranchStore(ctx);
  const events = new EventChecker(recorder, limitsOf(scenario));
  const world = new World(scenario, machine, events, store);
  let end = "";

  const unwatch = watchWallTime((name) => recorder.violate("B10", `${name} was called`));
  const root = run(function* () {
    const runtime = yield* initAgents(ctx);
    watchStore(runtime.store, world);
    runtime.events.listen((event) => {
      recorder.step("event", event);
      events.see(event);
      checkStep(event, world);
    });
    const task = yield* spawn(() => attempt(() => playScenario(scenario, world, runtime)));
    recorder.onStep = (step) => interfere(step, options, task, world);
    end = yield* endOf(task, scenario, world);
    runtime.session.disposeSync();
    recorder.ended = true;
    yield* until(checkEnd(world));
  });
  const beforeJump = () => {
    recorder.step("jump");
    return checkRest(world);
  };
  try {
    if (!(await drive(root, clock, beforeJump))) {
      recorder.violate("stuck", `nothing will ever wake it; inside: ${[...world.inside].join(", ")}`);
      await drive(root.halt(), clock, beforeJump);
    } else await root;
  } finally {
    unwatch();
  }
  const outcomes = new Map([...events.agents].map(([id, { outcome }]) => [id, outcome]));
  return {
    seed: scenario.seed,
    hash: recorder.hash(),
    trace: recorder.lines,
    ticks: events.ticks,
    virtualMs: clock.now,
    outcomes,
    end,
    violations: recorder.violations,
  };
}

function limitsOf(scenario: Scenario): EventLimits {
  const { engine, team } = scenario;
  const policy = createPolicy(team);
  return {
    onePool: allTeams(scenario).length === 1,
    rowsMax: engine.nUbatch,
    hardLimit: policy.budget(engine.nCtx).hardLimit,
    turnTokens: team.policy.maxTurnTokens,
    recoveryTokens: policy.recovery({ nCtx: engine.nCtx, terminal: undefined })?.maxTokens ?? 0,
  };
}

function interfere(step: number, options: RunOptions, task: Task<unknown>, { runs, recorder }: World): void {
  const { haltAt, letGoAt, turnsLater = 0 } = options;
  const halted = haltAt?.includes(step) ? task : letGoAt === step ? runs[step % runs.length] : undefined;
  if (!halted) return;
  const halt = () => void halted.halt().catch((error) => recorder.violate("C6", `the halt failed: ${error}`));
  if (turnsLater === 0) halt();
  else void inMicrotasks(turnsLater).then(halt);
}

async function inMicrotasks(turns: number): Promise<void> {
  for (let turn = 1; turn < turns; turn++) await undefined;
}

type Attempt = { end: string } | { error: unknown };

function* attempt(body: () => Operation<string>): Operation<Attempt> {
  try {
    return { end: yield* body() };
  } catch (error) {
    return { error };
  }
}

function* endOf(task: Task<Attempt>, { team }: Scenario, world: World): Operation<string> {
  const { recorder, events, explained } = world;
  let attempt: Attempt;
  try {
    attempt = yield* task;
  } catch {
    return "halted";
  }
  if ("error" in attempt) {
    const { error } = attempt;
    if (!explained.has(error)) recorder.violate("D1", `the scenario failed: ${error}`);
    return isInferenceError(error) ? error.code : String(error);
  }
  const wasCancelled = [...events.agents.values()].some(({ outcome }) => outcome === "cancelled");
  // A batch that several callers shared is run again for each of them, and may succeed then.
  const failures = world.engine.failures - world.store.stats.splitBatches;
  if (failures > 0 && explained.size === 0 && !wasCancelled)
    recorder.violate("silence", "a batch failed, and nobody was told");
  checkRecoveries(team, world);
  return attempt.end;
}
